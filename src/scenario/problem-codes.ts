/**
 * What can be wrong with a scenario file: one stable code per kind, with its meaning. A code is never given another meaning.
 * @module
 */

/** Meaning of each code, one sentence, for `lvsim explain LVS1021` and the documentation. */
export const PROBLEM_CODES = {
  LVS1001: 'The file is larger than 1 MiB.',
  LVS1002: 'Mappings and lists are nested more than 64 deep.',
  LVS1003: 'The file uses more than 50 aliases.',
  LVS1004: 'The file holds more than 10,000 values, counting those that an alias repeats.',
  LVS1005: 'The file holds a control character, such as NUL, that no text file has.',
  LVS1006: 'The file is empty: a scenario is a mapping.',
  LVS1007: 'The file holds several YAML documents: a scenario is one.',
  LVS1008: 'The file is not a mapping of keys to values.',
  LVS1010: 'The text is not YAML.',
  LVS1011: 'A tab is used for indentation, where YAML takes spaces only.',
  LVS1012: 'A key is given twice in one mapping.',
  LVS1013: 'The key `__proto__` is refused.',
  LVS1014: 'A key is not plain text.',
  LVS1015: 'An alias names no anchor before it.',
  LVS1016: 'YAML tags are not used in scenarios.',
  LVS1020: 'A key is not known at this place.',
  LVS1021: 'A key that must be there is missing.',
  LVS1022: 'A value has the wrong type, for instance a list where text belongs.',
  LVS1023: 'A value is not one of the words allowed here.',
  LVS1024: 'A number, a list or a text is too small, too large or too long.',
  LVS1025: 'A quantity cannot be read: it needs a number and its unit.',
  LVS1026: 'An address, prefix, endpoint or URL cannot be read.',
  LVS1027: 'A name has characters that a name of this kind cannot have.',
  LVS1028: 'A rule or law cannot be read.',
  LVS1029: 'Keys are combined that exclude each other, or none of a group is given.',
  LVS1040: 'No host has this name.',
  LVS1041: 'No segment has this name.',
  LVS1042: 'The host has no interface of this name.',
  LVS1043: 'An interface is plugged in twice, or nowhere.',
  LVS1044: 'Two interfaces have the same address.',
  LVS1045: 'Two interfaces have the same MAC address.',
  LVS1046: 'A moment lies after the end of the run.',
  LVS1047: 'No observation has this name.',
  LVS1048: 'Two things of one kind have the same name.',
  LVS1049: 'Only a scenario with a `cluster` can be compared in several modes.',
  LVS1050: 'A name is taken by the cluster.',
  LVS1051: 'An address is the network or broadcast address of its network.',
  LVS1052: 'No traffic has this name.',
  LVS1053: 'Shares do not add up to 100 %.',
  LVS1054: 'No server of the cluster has this page.',
  LVS1055: 'The replicas of a host do not fit into its network.',
  LVS1056: 'Too many hosts.',
  LVS1060: 'A command uses a word that lvsim does not model: the run stops there rather than pretend.',
  LVS1061: 'The system refused a setting of a host, such as a sysctl or a route.',
  LVS1062: 'The system has no such kernel module, or not in this profile.',
  LVS1063: 'A command waits for something that never happens: nothing is left to simulate.',
  LVS1064: 'A script ran into a limit of the shell: it loops for ever, calls itself for ever, or prints for ever.',
} as const

/** A code of the table. */
export type ProblemCode = keyof typeof PROBLEM_CODES
