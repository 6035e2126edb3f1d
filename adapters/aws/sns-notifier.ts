import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import type { Notifier } from '../../core/ports/notifier.ts';
import { awsFailure } from './aws-failure.ts';
import { type AwsConnection, clientSettings } from './client-settings.ts';

export interface SnsNotifierOptions {
  readonly topicArn: string;
  /** @default what the SDK finds */
  readonly connection?: AwsConnection;
}

/** The limit of SNS for a whole message; the rest is room for what a subscription wraps around it. */
const MAX_TEXT_BYTES = 250 * 1024;
/** SNS: begins with a letter, a number or a mark; no line breaks or other controls. */
const SUBJECT = /^[\x21-\x7e][\x20-\x7e]{0,99}$/;

/**
 * Tells whoever subscribed to a topic. A text longer than SNS takes is cut, and says so: half a report is
 * better than none. Throws a RangeError for a subject that the port does not allow, a `StorageError` where
 * SNS cannot take the message. Needs sns:Publish on the topic. A message may come twice when an answer of SNS
 * gets lost.
 */
export function openSnsNotifier({
  topicArn,
  connection = {},
}: SnsNotifierOptions): Notifier & { close(): void } {
  const client = new SNSClient(clientSettings(connection));
  return {
    async notify({ subject, text }) {
      if (!SUBJECT.test(subject)) {
        throw new RangeError(
          `not a subject (one line of printable ASCII, 1 to 100 characters): ${JSON.stringify(subject.slice(0, 120))}`,
        );
      }
      try {
        // SNS takes no message without text.
        const Message = text.trim() === '' ? subject : fitting(text);
        await client.send(new PublishCommand({ TopicArn: topicArn, Subject: subject, Message }));
      } catch (error) {
        throw awsFailure(error, `sns:Publish ${topicArn}`);
      }
    },
    close: () => client.destroy(),
  };
}

const CUT = '\n\n[The rest was cut: it is longer than a notification may be.]';

function fitting(text: string): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= MAX_TEXT_BYTES) return text;
  let end = MAX_TEXT_BYTES - CUT.length;
  // Not through the middle of a character: its later bytes begin with 10.
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return bytes.subarray(0, end).toString() + CUT;
}
