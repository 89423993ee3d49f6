/**
 * The scenarios of `lvsim bench engine` on links of their own in ns-3, as its users would write them: helpers, global routing,
 * one socket per pair or per connection.
 * Prints one line of JSON. CPU is the thread's own time inside Simulator::Run, so building the topology is not counted.
 * Usage: ns3-star udp|tcp|hold SERVERS REQUESTS [check]
 * With `check`, trace sinks count hops and drops; without it they are left out, which is faster and what is timed.
 */
#include "ns3/core-module.h"
#include "ns3/internet-module.h"
#include "ns3/network-module.h"
#include "ns3/point-to-point-module.h"
#include "ns3/traffic-control-module.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <memory>
#include <string>
#include <unistd.h>
#include <vector>

using namespace ns3;

namespace
{

constexpr uint32_t CLIENTS = 8;
constexpr int64_t FIRST_NS = 1'000'000;

constexpr uint32_t UDP_PAYLOAD_BYTES = 512;
constexpr uint16_t UDP_PORT = 9;
constexpr int64_t UDP_GAP_NS = 1'250;

constexpr uint32_t TCP_WORKERS = 64;
constexpr uint32_t TCP_REQUEST_BYTES = 200;
constexpr uint32_t TCP_ANSWER_BYTES = 10'000;
constexpr uint16_t TCP_PORT = 80;
constexpr int64_t TCP_START_GAP_NS = 2'000;

uint64_t g_hops = 0;
uint64_t g_drops = 0;
uint64_t g_answers = 0;
int64_t g_lastAnswerNs = 0;

void
CountHop(Ptr<const Packet>)
{
    ++g_hops;
}

void
CountDrop(Ptr<const Packet>)
{
    ++g_drops;
}

void
CountAnswer()
{
    ++g_answers;
    g_lastAnswerNs = Simulator::Now().GetNanoSeconds();
}

double
ThreadCpuSeconds()
{
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

long
ResidentBytes()
{
    long size = 0;
    long resident = 0;
    FILE* file = std::fopen("/proc/self/statm", "r");
    if (file == nullptr || std::fscanf(file, "%ld %ld", &size, &resident) != 2)
    {
        resident = 0;
    }
    if (file != nullptr)
    {
        std::fclose(file);
    }
    return resident * sysconf(_SC_PAGESIZE);
}

/** Hosts, addresses and what is to be done. */
struct Network
{
    NodeContainer clients;
    NodeContainer servers;
    std::vector<Ipv4Address> serverAddresses;
    uint32_t requests = 0;
};

/** Sends its requests at a fixed gap and counts the answers. */
struct Asker
{
    Ptr<Socket> socket;
    uint32_t left = 0;
    Time gap;

    void Ask()
    {
        socket->Send(Create<Packet>(UDP_PAYLOAD_BYTES));
        if (--left > 0)
        {
            Simulator::Schedule(gap, &Asker::Ask, this);
        }
    }

    void OnAnswer(Ptr<Socket> from)
    {
        while (from->Recv())
        {
            CountAnswer();
        }
    }
};

/** Answers each request at once with as many bytes. */
void
Echo(Ptr<Socket> socket)
{
    Address from;
    while (Ptr<Packet> request = socket->RecvFrom(from))
    {
        socket->SendTo(Create<Packet>(request->GetSize()), 0, from);
    }
}

void
StartUdp(const Network& network)
{
    const uint32_t servers = network.servers.GetN();
    const uint32_t pairs = servers * 2;
    for (uint32_t s = 0; s < servers; ++s)
    {
        // Sockets live as long as the program: it ends without tearing anything down.
        Ptr<Socket> echo = Socket::CreateSocket(network.servers.Get(s), UdpSocketFactory::GetTypeId());
        echo->Bind(InetSocketAddress(Ipv4Address::GetAny(), UDP_PORT));
        echo->SetRecvCallback(MakeCallback(&Echo));
        echo->Ref();
        for (uint32_t j = 0; j < 2; ++j)
        {
            auto* asker = new Asker;
            asker->left = network.requests / pairs;
            asker->gap = NanoSeconds(pairs * UDP_GAP_NS);
            asker->socket =
                Socket::CreateSocket(network.clients.Get((s + j) % CLIENTS), UdpSocketFactory::GetTypeId());
            asker->socket->Connect(InetSocketAddress(network.serverAddresses[s], UDP_PORT));
            asker->socket->SetRecvCallback(MakeCallback(&Asker::OnAnswer, asker));
            Simulator::Schedule(NanoSeconds(FIRST_NS + (s * 2 + j) * UDP_GAP_NS), &Asker::Ask, asker);
        }
    }
}

/** Connects, asks, reads the answer to its end, closes and begins anew, until no flow is left; or connects and stays. */
struct Worker
{
    Ptr<Node> node;
    InetSocketAddress server;
    bool stays;
    uint32_t* left;
    Ptr<Socket> socket;
    uint32_t received = 0;

    void Start()
    {
        if (*left == 0)
        {
            return;
        }
        --*left;
        received = 0;
        socket = Socket::CreateSocket(node, TcpSocketFactory::GetTypeId());
        socket->Bind();
        socket->SetConnectCallback(MakeCallback(&Worker::OnConnected, this), MakeNullCallback<void, Ptr<Socket>>());
        socket->SetRecvCallback(MakeCallback(&Worker::OnData, this));
        socket->SetCloseCallbacks(MakeCallback(&Worker::OnClosed, this), MakeCallback(&Worker::OnClosed, this));
        socket->Connect(server);
    }

    void OnConnected(Ptr<Socket> from)
    {
        if (stays)
        {
            CountAnswer();
        }
        else
        {
            from->Send(Create<Packet>(TCP_REQUEST_BYTES));
        }
    }

    void OnData(Ptr<Socket> from)
    {
        while (Ptr<Packet> piece = from->Recv())
        {
            received += piece->GetSize();
        }
    }

    void OnClosed(Ptr<Socket> from)
    {
        if (from != socket)
        {
            return;
        }
        if (received == TCP_ANSWER_BYTES)
        {
            CountAnswer();
        }
        from->Close();
        socket = nullptr;
        Simulator::ScheduleNow(&Worker::Start, this);
    }
};

/** The request is one segment: what comes in is all of it. */
void
AnswerAndClose(Ptr<Socket> socket)
{
    uint32_t received = 0;
    while (Ptr<Packet> piece = socket->Recv())
    {
        received += piece->GetSize();
    }
    if (received >= TCP_REQUEST_BYTES)
    {
        socket->Send(Create<Packet>(TCP_ANSWER_BYTES));
        socket->Close();
    }
}

void
Accept(Ptr<Socket> socket, const Address&)
{
    socket->SetRecvCallback(MakeCallback(&AnswerAndClose));
}

void
StartTcp(const Network& network, bool stays)
{
    const uint32_t servers = network.servers.GetN();
    for (uint32_t s = 0; s < servers; ++s)
    {
        Ptr<Socket> listener = Socket::CreateSocket(network.servers.Get(s), TcpSocketFactory::GetTypeId());
        listener->Bind(InetSocketAddress(Ipv4Address::GetAny(), TCP_PORT));
        listener->Listen();
        listener->SetAcceptCallback(MakeNullCallback<bool, Ptr<Socket>, const Address&>(), MakeCallback(&Accept));
        listener->Ref();
    }
    auto* left = new uint32_t(network.requests);
    const uint32_t workers = stays ? network.requests : std::min(TCP_WORKERS, network.requests);
    for (uint32_t i = 0; i < workers; ++i)
    {
        auto* worker = new Worker{network.clients.Get(i % CLIENTS),
                                  InetSocketAddress(network.serverAddresses[i % servers], TCP_PORT),
                                  stays,
                                  left};
        Simulator::Schedule(NanoSeconds(FIRST_NS + i * TCP_START_GAP_NS), &Worker::Start, worker);
    }
    if (stays)
    {
        Simulator::Stop(Seconds(5));
    }
}

/** Linux's initial window and segment size; connections that have ended are forgotten soon, as ns-3 looks through all. */
void
SetTcpDefaults()
{
    Config::SetDefault("ns3::TcpL4Protocol::SocketType", StringValue("ns3::TcpNewReno"));
    Config::SetDefault("ns3::TcpSocket::SegmentSize", UintegerValue(1448));
    Config::SetDefault("ns3::TcpSocket::InitialCwnd", UintegerValue(10));
    Config::SetDefault("ns3::TcpSocketBase::MaxSegLifetime", DoubleValue(0.01));
}

PointToPointHelper
Cable(const char* rate, const char* delay)
{
    PointToPointHelper cable;
    cable.SetDeviceAttribute("DataRate", StringValue(rate));
    cable.SetChannelAttribute("Delay", StringValue(delay));
    cable.SetQueue("ns3::DropTailQueue", "MaxSize", StringValue("1000p"));
    return cable;
}

/** A /24 per link, numbered from 10.`first`.0.0 on, 250 links to each second octet. */
Ipv4InterfaceContainer
Number(const NetDeviceContainer& ends, uint32_t first, uint32_t index)
{
    const std::string network =
        "10." + std::to_string(first + index / 250) + "." + std::to_string(index % 250) + ".0";
    Ipv4AddressHelper addresses(network.c_str(), "255.255.255.0");
    return addresses.Assign(ends);
}

/** The star; gives all its devices. */
NetDeviceContainer
Build(Network& network, uint32_t servers)
{
    NodeContainer router(1);
    network.clients.Create(CLIENTS);
    network.servers.Create(servers);
    InternetStackHelper stack;
    stack.Install(network.clients);
    stack.Install(router);
    stack.Install(network.servers);

    PointToPointHelper fast = Cable("10Gbps", "50us");
    PointToPointHelper slow = Cable("1Gbps", "10us");
    NetDeviceContainer devices;
    for (uint32_t i = 0; i < CLIENTS; ++i)
    {
        NetDeviceContainer ends = fast.Install(network.clients.Get(i), router.Get(0));
        Number(ends, 1, i);
        devices.Add(ends);
    }
    for (uint32_t i = 0; i < servers; ++i)
    {
        NetDeviceContainer ends = slow.Install(router.Get(0), network.servers.Get(i));
        network.serverAddresses.push_back(Number(ends, 100, i).GetAddress(1));
        devices.Add(ends);
    }
    // Without a queueing discipline there is less to do: the stricter peer.
    TrafficControlHelper().Uninstall(devices);
    Ipv4GlobalRoutingHelper::PopulateRoutingTables();
    return devices;
}

} // namespace

int
main(int argc, char** argv)
{
    const std::string traffic = argc > 3 ? argv[1] : "";
    if (traffic != "udp" && traffic != "tcp" && traffic != "hold")
    {
        std::fprintf(stderr, "usage: ns3-star udp|tcp|hold SERVERS REQUESTS [check]\n");
        return 2;
    }
    const auto servers = static_cast<uint32_t>(std::strtoul(argv[2], nullptr, 10));
    const bool check = argc > 4 && std::strcmp(argv[4], "check") == 0;

    // The fastest of ns-3's own schedulers in this scenario.
    ObjectFactory scheduler("ns3::PriorityQueueScheduler");
    Simulator::SetScheduler(scheduler);
    SetTcpDefaults();

    Network network;
    network.requests = static_cast<uint32_t>(std::strtoul(argv[3], nullptr, 10));
    const NetDeviceContainer devices = Build(network, servers);
    if (check)
    {
        for (uint32_t i = 0; i < devices.GetN(); ++i)
        {
            auto device = DynamicCast<PointToPointNetDevice>(devices.Get(i));
            device->TraceConnectWithoutContext("PhyRxEnd", MakeCallback(&CountHop));
            device->GetQueue()->TraceConnectWithoutContext("Drop", MakeCallback(&CountDrop));
        }
    }
    if (traffic == "udp")
    {
        StartUdp(network);
    }
    else
    {
        StartTcp(network, traffic == "hold");
    }

    const long residentBefore = ResidentBytes();
    const double before = ThreadCpuSeconds();
    Simulator::Run();
    const double cpuSeconds = ThreadCpuSeconds() - before;
    std::printf("{\"servers\":%u,\"requests\":%u,\"answers\":%llu,\"hops\":%llu,\"drops\":%llu,\"events\":%llu,"
                "\"endNs\":%lld,\"cpuSeconds\":%.6f,\"grownBytes\":%ld}\n",
                servers, network.requests, static_cast<unsigned long long>(g_answers),
                static_cast<unsigned long long>(g_hops), static_cast<unsigned long long>(g_drops),
                static_cast<unsigned long long>(Simulator::GetEventCount()), static_cast<long long>(g_lastAnswerNs),
                cpuSeconds, ResidentBytes() - residentBefore);
    std::fflush(stdout);
    // Tearing down a large topology takes longer than the run, and nothing of it is measured.
    std::_Exit(0);
}
