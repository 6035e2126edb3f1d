/** What both providers take: Bedrock no `_`, and no `-` at either end. */
const JOB_NAME = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** Throws a RangeError for anything that is no name of a job (`NewJob`). */
export function assertJobName(name: string): void {
  if (!JOB_NAME.test(name)) throw new RangeError(`not the name of a job: ${JSON.stringify(name)}`);
}
