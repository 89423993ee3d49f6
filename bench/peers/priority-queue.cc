/**
 * The hold model in std::priority_queue: so many items wait, and each one taken is put back a delay later. The delays come from
 * standard input, one per line. Prints the CPU time of one hold in ns, the least of the rounds, and a checksum of the order.
 * Usage: priority-queue ITEMS HOLDS ROUNDS < delays
 */
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <queue>
#include <vector>

struct Item {
  double time;
  uint32_t seq, id;
  bool operator<(const Item &other) const { return time > other.time || (time == other.time && seq > other.seq); }
};

static double cpuNs() { timespec t; clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t); return t.tv_sec * 1e9 + t.tv_nsec; }

int main(int argc, char **argv) {
  if (argc != 4) return 2;
  const uint32_t items = atoi(argv[1]), rounds = atoi(argv[3]);
  const long holds = atol(argv[2]);
  std::vector<double> delays;
  for (double delay; scanf("%lf", &delay) == 1;) delays.push_back(delay);
  if (delays.empty()) return 2;
  const size_t mask = delays.size() - 1;

  std::vector<Item> storage;
  storage.reserve(items);
  std::priority_queue<Item> queue(std::less<Item>(), std::move(storage));
  uint32_t seq = 0, order = 0;
  size_t draw = 0;
  for (uint32_t id = 0; id < items; id++) queue.push(Item{delays[draw++ & mask], seq++, id});
  double least = 1e300;
  // The first round brings the queue to its steady state.
  for (uint32_t round = 0; round <= rounds; round++) {
    const double start = cpuNs();
    for (long i = 0; i < holds; i++) {
      Item item = queue.top();
      queue.pop();
      order = order * 31 + item.id;
      item.time += delays[draw++ & mask];
      item.seq = seq++;
      queue.push(item);
    }
    if (round > 0) least = std::min(least, (cpuNs() - start) / holds);
  }
  printf("{\"ns\":%.2f,\"order\":%u}\n", least, order);
}
