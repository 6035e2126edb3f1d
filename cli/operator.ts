import { userInfo } from 'node:os';

/**
 * Who is typing, for the record of a decision. Printable ASCII, because an object's metadata takes nothing
 * else;
 * `operator` where the machine does not know.
 */
export function operator(): string {
  const name = nameOfUser().replace(/[^\x21-\x7e]+/g, '');
  return name === '' ? 'operator' : name;
}

function nameOfUser(): string {
  try {
    return userInfo().username;
  } catch {
    return ''; // a container may run under a user id without a name
  }
}
