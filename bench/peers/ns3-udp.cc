/**
 * The UDP scenario of `lvsim bench engine` in ns-3, as its users would write it: helpers, global routing, one socket per pair.
 * Prints one line of JSON. CPU is the thread's own time inside Simulator::Run, so building the topology is not counted.
 * Usage: ns3-udp SERVERS REQUESTS [check]
 * With `check`, trace sinks count hops and drops; without it they are left out, which is faster and what is timed.
 */
#include "ns3/core-module.h"
#include "ns3/internet-module.h"
#include "ns3/network-module.h"
#include "ns3/point-to-point-module.h"
#include "ns3/traffic-control-module.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <memory>
#include <string>
#include <vector>

using namespace ns3;

namespace
{

constexpr uint32_t CLIENTS = 8;
constexpr uint32_t PAYLOAD_BYTES = 512;
constexpr uint16_t ECHO_PORT = 9;
constexpr int64_t FIRST_REQUEST_NS = 1'000'000;
constexpr int64_t REQUEST_GAP_NS = 1'250;

uint64_t g_hops = 0;
uint64_t g_drops = 0;
uint64_t g_answers = 0;

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

double
ThreadCpuSeconds()
{
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

/** Sends its requests at a fixed gap and counts the answers. */
struct Asker
{
    Ptr<Socket> socket;
    uint32_t left = 0;
    Time gap;

    void Ask()
    {
        socket->Send(Create<Packet>(PAYLOAD_BYTES));
        if (--left > 0)
        {
            Simulator::Schedule(gap, &Asker::Ask, this);
        }
    }

    void OnAnswer(Ptr<Socket> from)
    {
        while (from->Recv())
        {
            ++g_answers;
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

} // namespace

int
main(int argc, char** argv)
{
    if (argc < 3)
    {
        std::fprintf(stderr, "usage: ns3-udp SERVERS REQUESTS [check]\n");
        return 2;
    }
    const auto servers = static_cast<uint32_t>(std::strtoul(argv[1], nullptr, 10));
    const auto requests = static_cast<uint32_t>(std::strtoul(argv[2], nullptr, 10));
    const bool check = argc > 3 && std::strcmp(argv[3], "check") == 0;
    const uint32_t pairs = servers * 2;

    // The fastest of ns-3's own schedulers in this scenario.
    ObjectFactory scheduler("ns3::PriorityQueueScheduler");
    Simulator::SetScheduler(scheduler);

    NodeContainer clientNodes(CLIENTS);
    NodeContainer router(1);
    NodeContainer serverNodes(servers);
    InternetStackHelper stack;
    stack.Install(clientNodes);
    stack.Install(router);
    stack.Install(serverNodes);

    PointToPointHelper fast = Cable("10Gbps", "50us");
    PointToPointHelper slow = Cable("1Gbps", "10us");
    NetDeviceContainer devices;
    std::vector<Ipv4Address> serverAddresses;
    for (uint32_t i = 0; i < CLIENTS; ++i)
    {
        NetDeviceContainer ends = fast.Install(clientNodes.Get(i), router.Get(0));
        Number(ends, 1, i);
        devices.Add(ends);
    }
    for (uint32_t i = 0; i < servers; ++i)
    {
        NetDeviceContainer ends = slow.Install(router.Get(0), serverNodes.Get(i));
        serverAddresses.push_back(Number(ends, 100, i).GetAddress(1));
        devices.Add(ends);
    }
    // Without a queueing discipline there is less to do: the stricter peer.
    TrafficControlHelper().Uninstall(devices);
    Ipv4GlobalRoutingHelper::PopulateRoutingTables();

    if (check)
    {
        for (uint32_t i = 0; i < devices.GetN(); ++i)
        {
            auto device = DynamicCast<PointToPointNetDevice>(devices.Get(i));
            device->TraceConnectWithoutContext("PhyRxEnd", MakeCallback(&CountHop));
            device->GetQueue()->TraceConnectWithoutContext("Drop", MakeCallback(&CountDrop));
        }
    }

    std::vector<Ptr<Socket>> echoes;
    std::vector<std::unique_ptr<Asker>> askers;
    for (uint32_t s = 0; s < servers; ++s)
    {
        Ptr<Socket> echo = Socket::CreateSocket(serverNodes.Get(s), UdpSocketFactory::GetTypeId());
        echo->Bind(InetSocketAddress(Ipv4Address::GetAny(), ECHO_PORT));
        echo->SetRecvCallback(MakeCallback(&Echo));
        echoes.push_back(echo);
        for (uint32_t j = 0; j < 2; ++j)
        {
            auto asker = std::make_unique<Asker>();
            asker->left = requests / pairs;
            asker->gap = NanoSeconds(pairs * REQUEST_GAP_NS);
            asker->socket = Socket::CreateSocket(clientNodes.Get((s + j) % CLIENTS), UdpSocketFactory::GetTypeId());
            asker->socket->Connect(InetSocketAddress(serverAddresses[s], ECHO_PORT));
            asker->socket->SetRecvCallback(MakeCallback(&Asker::OnAnswer, asker.get()));
            Simulator::Schedule(NanoSeconds(FIRST_REQUEST_NS + (s * 2 + j) * REQUEST_GAP_NS), &Asker::Ask, asker.get());
            askers.push_back(std::move(asker));
        }
    }

    const double before = ThreadCpuSeconds();
    Simulator::Run();
    const double cpuSeconds = ThreadCpuSeconds() - before;
    std::printf("{\"servers\":%u,\"requests\":%u,\"answers\":%llu,\"hops\":%llu,\"drops\":%llu,\"events\":%llu,"
                "\"endNs\":%lld,\"cpuSeconds\":%.6f}\n",
                servers, requests, static_cast<unsigned long long>(g_answers), static_cast<unsigned long long>(g_hops),
                static_cast<unsigned long long>(g_drops), static_cast<unsigned long long>(Simulator::GetEventCount()),
                static_cast<long long>(Simulator::Now().GetNanoSeconds()), cpuSeconds);
    std::fflush(stdout);
    // Tearing down a large topology takes longer than the run, and nothing of it is measured.
    std::_Exit(0);
}
