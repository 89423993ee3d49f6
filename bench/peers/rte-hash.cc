/**
 * The lookups of `lvsim bench table` in DPDK's rte_hash: one key at a time, and 32 by rte_hash_lookup_bulk_data. Beside them the
 * machine's own limit: independent reads of random 64-byte lines. Thread CPU time, ns for each operation, median of the rounds.
 * Usage: rte-hash CONNECTIONS ROUNDS
 */
#include <rte_eal.h>
#include <rte_hash.h>
#include <rte_hash_crc.h>
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <vector>

typedef uint32_t u32;
struct Key { u32 caddr, vaddr, ports, protocol; };

static const u32 OPERATIONS = 1u << 20;
static u32 connections, keyCount, clients, oldest = 0, state = 0x12345678;
static std::vector<Key> keys;
static rte_hash *table;

static u32 draw() { state ^= state << 13; state ^= state >> 17; state ^= state << 5; return state; }
static u32 drawBelow(u32 limit) { return (u32)((uint64_t)draw() * limit >> 32); }
static u32 mix32(u32 h) { h ^= h >> 16; h *= 0x85ebca6bu; h ^= h >> 13; h *= 0xc2b2ae35u; return h ^ h >> 16; }
static u32 scattered(u32 c) { c = c * 0x9e3779b1u & 0xffffff; return (c ^ c >> 12) * 0x85ebca6bu & 0xffffff; }

/** As entryOf() in src/connection-table/workload.ts. */
static Key keyOf(u32 i) {
  u32 client = i % clients, turn = i / clients, service = mix32(i);
  u32 cport = 1024 + (uint32_t)(((uint64_t)turn * 7919 + mix32(client)) % 64512);
  return Key{0x0a000000u + scattered(client), 0xc0a80001u + (service & 3), cport << 16 | (service & 4 ? 443u : 80u), 6};
}

static double cpuNs() { timespec t; clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t); return t.tv_sec * 1e9 + t.tv_nsec; }

static void fail(const char *what) { fprintf(stderr, "%s\n", what); exit(1); }
static void add(u32 i) {
  if (rte_hash_add_key_data(table, &keys[i], (void *)(uintptr_t)(i + 1)) < 0) fail("rte_hash_add_key_data failed");
}

static u32 single(const std::vector<Key> &asked) {
  u32 hits = 0;
  void *data;
  for (u32 i = 0; i < OPERATIONS; i++) hits += rte_hash_lookup_data(table, &asked[i], &data) >= 0;
  return hits;
}

static u32 bulk(const std::vector<Key> &asked) {
  u32 hits = 0;
  const void *pointers[32];
  void *data[32];
  for (u32 i = 0; i < OPERATIONS; i += 32) {
    uint64_t mask = 0;
    for (u32 j = 0; j < 32; j++) pointers[j] = &asked[i + j];
    rte_hash_lookup_bulk_data(table, pointers, 32, &mask, data);
    hits += __builtin_popcountll(mask);
  }
  return hits;
}

static void replaceOldest() {
  if (rte_hash_del_key(table, &keys[oldest % keyCount]) < 0) fail("rte_hash_del_key failed");
  add((oldest + connections) % keyCount);
  oldest++;
}

int main(int argc, char **argv) {
  if (argc != 3) fail("usage: rte-hash CONNECTIONS ROUNDS");
  connections = strtoul(argv[1], nullptr, 10);
  int rounds = atoi(argv[2]);
  keyCount = 2 * connections;
  clients = (connections + 7) / 8;
  const char *eal[] = {"rte-hash", "--no-huge", "-l", "0", "-m", "4096", "--no-pci", "--no-telemetry", "--log-level", "3", "--no-shconf"};
  if (rte_eal_init(11, (char **)eal) < 0) fail("rte_eal_init failed");
  rte_hash_parameters parameters{};
  parameters.name = "connections";
  parameters.entries = connections + connections / 8 + 64;
  parameters.key_len = sizeof(Key);
  parameters.hash_func = rte_hash_crc;
  table = rte_hash_create(&parameters);
  if (table == nullptr) fail("rte_hash_create failed");
  for (u32 i = 0; i < keyCount; i++) keys.push_back(keyOf(i));
  for (u32 i = 0; i < connections; i++) add(i);

  std::vector<Key> asked(OPERATIONS);
  std::vector<u32> lines((512u << 20) / 4, 1);
  std::vector<double> times[7];
  volatile u32 sink = 0;
  auto timed = [&](int which, auto work) { double start = cpuNs(); work(); times[which].push_back((cpuNs() - start) / OPERATIONS); };
  auto expect = [&](u32 hits, u32 wanted) { if (hits != wanted) fail("a lookup went wrong"); };
  for (int round = 0; round < rounds; round++) {
    for (auto &key : asked) key = keys[(oldest + drawBelow(connections)) % keyCount];
    timed(0, [&] { expect(single(asked), OPERATIONS); });
    timed(1, [&] { expect(bulk(asked), OPERATIONS); });
    for (auto &key : asked) key = keys[(oldest + connections + drawBelow(connections)) % keyCount];
    timed(2, [&] { expect(single(asked), 0); });
    timed(3, [&] { expect(bulk(asked), 0); });
    timed(4, [&] { for (u32 i = 0; i < OPERATIONS; i++) replaceOldest(); });
    for (u32 i = 0; i < OPERATIONS; i++) asked[i] = keys[(oldest + 1 + i / 19 + drawBelow(connections - OPERATIONS / 19 - 2)) % keyCount];
    // Of 19 operations 18 are lookups and one replaces a connection: of 20 calls, 18 look up, one removes and one inserts.
    timed(5, [&] {
      void *data;
      for (u32 i = 0; i < OPERATIONS; i++) {
        if (i % 19 == 0) replaceOldest();
        else sink = sink + (rte_hash_lookup_data(table, &asked[i], &data) >= 0);
      }
    });
    timed(6, [&] { u32 sum = 0; for (u32 i = 0; i < OPERATIONS; i++) sum += lines[(size_t)drawBelow(8u << 20) * 16]; sink = sink + sum; });
  }
  const char *names[] = {"hit", "hitBulk", "miss", "missBulk", "churn", "mixed", "randomLine"};
  printf("{");
  for (int i = 0; i < 7; i++) {
    std::sort(times[i].begin(), times[i].end());
    printf("%s\"%s\":%.1f", i ? "," : "", names[i], times[i][times[i].size() / 2]);
  }
  printf("}\n");
}
