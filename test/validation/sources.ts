/**
 * Who says what each row of the validation expects.
 * @module
 */

const KERNEL = 'recorded from Linux 6.1'
const THEORY = 'queueing theory'

/** By row. */
export const SOURCES: Readonly<Record<string, string>> = {
  frames: KERNEL,
  V01: KERNEL,
  V02: KERNEL,
  V03: KERNEL,
  V06: KERNEL,
  V08: KERNEL,
  V11: KERNEL,
  V13: `${KERNEL}; timeouts of ip_vs_proto_tcp.c`,
  V14: KERNEL,
  V15: 'the algorithm of wrr',
  V16: KERNEL,
  V18: KERNEL,
  V20: 'W. Zhang, Linux Virtual Server for scalable network services, OLS 2000: 60 us a packet',
  V21: 'ipvs on FreeBSD, performance: DR, one-way flood',
  V23: 'packets counted: 10 against 5, 3n/2 against n/2',
  V24: 'Haddad, Pourzandi, Linux on carrier grade web servers, Linux Journal 84, 2001; OLS 2000',
  V25: 'LVS-HOWTO, performance: 60 us as router, 80 us as director',
  V26: 'DPVS 1.9.2, performance; Little 1961',
  V27: 'IEEE 802.3; DPVS 1.9.2, performance',
  V28: `${THEORY}: M/M/1, M/D/1`,
  V29: `${THEORY}: Ek/M/1`,
  V30: `${THEORY}: join the shortest queue, the truncated chain solved`,
  V31: 'balls into bins; Jain 1984',
  V32: 'Eisenbud et al., Maglev, NSDI 2016: the published algorithm',
  V33: `${THEORY}: two servers of unlike speed, the chain solved`,
  V35: 'Mitzenmacher, TPDS 12(10), 2001, and the finite system simulated by itself',
  V38: 'Little 1961',
  V39: 'round trips counted',
  V40: 'IEEE 802.3, RFC 6298, RFC 6928',
}
