/**
 * Error numbers of Linux by name, with the text that strerror(3) gives them.
 * @module
 */

const TEXTS = {
  EPERM: 'Operation not permitted',
  ENOENT: 'No such file or directory',
  ESRCH: 'No such process',
  ENODEV: 'No such device',
  EEXIST: 'File exists',
  EINVAL: 'Invalid argument',
  EACCES: 'Permission denied',
  EXDEV: 'Invalid cross-device link',
  EBUSY: 'Device or resource busy',
  ERANGE: 'Numerical result out of range',
  EMSGSIZE: 'Message too long',
  EADDRINUSE: 'Address already in use',
  EADDRNOTAVAIL: 'Cannot assign requested address',
  ENETDOWN: 'Network is down',
  ENETUNREACH: 'Network is unreachable',
  ECONNRESET: 'Connection reset by peer',
  ENOTCONN: 'Transport endpoint is not connected',
  EPIPE: 'Broken pipe',
  ETIMEDOUT: 'Connection timed out',
  ECONNREFUSED: 'Connection refused',
  EHOSTUNREACH: 'No route to host',
  EPROTO: 'Protocol error',
  ENOPROTOOPT: 'Protocol not available',
  EOPNOTSUPP: 'Operation not supported',
  ENOBUFS: 'No buffer space available',
} as const

/** An error number by its name. */
export type Errno = keyof typeof TEXTS

/** What strerror(3) says of it. */
export function errnoText(errno: Errno): string {
  return TEXTS[errno]
}
