/**
 * The part of the Amazon States Language (JSONPath) that our workflows are written in, as types: a state that
 * the local interpreter could not play does not compile. Field names are the language's own.
 */

export type Transition = { readonly Next: string } | { readonly End: true };

/** An object whose keys ending in `.$` hold a path or an intrinsic function. */
export type PayloadTemplate = Readonly<Record<string, string>>;

export interface Retrier {
  readonly ErrorEquals: readonly string[];
  /** Seconds before the first retry; a whole number from 1. */
  readonly IntervalSeconds: number;
  /** Each further wait is this many times longer; at least 1. */
  readonly BackoffRate: number;
  /** Retries after the first try; 0 means never. */
  readonly MaxAttempts: number;
  /** Seconds that no wait exceeds. */
  readonly MaxDelaySeconds?: number;
  /** FULL draws each wait between 0 and the computed one. */
  readonly JitterStrategy: 'NONE' | 'FULL';
}

export interface Catcher {
  readonly ErrorEquals: readonly string[];
  readonly Next: string;
  /** Where `{ Error, Cause }` goes in the state's input. */
  readonly ResultPath: string;
}

export type TaskState = Transition & {
  readonly Type: 'Task';
  readonly Comment?: string;
  readonly Resource: 'arn:aws:states:::lambda:invoke';
  readonly Parameters: { readonly FunctionName: string } & (
    | { readonly 'Payload.$': string }
    | { readonly Payload: PayloadTemplate }
  );
  readonly ResultSelector?: PayloadTemplate;
  /** Null throws the result away and hands on the input. */
  readonly ResultPath?: string | null;
  readonly Retry?: readonly Retrier[];
  readonly Catch?: readonly Catcher[];
};

export type DistributedMapState = Transition & {
  readonly Type: 'Map';
  readonly Comment?: string;
  /** Part of the Map Run's name; at most 40 characters, none of them special. */
  readonly Label: string;
  readonly ItemReader: {
    readonly Resource: 'arn:aws:states:::s3:getObject';
    readonly ReaderConfig: { readonly InputType: 'JSONL' };
    readonly Parameters: { readonly Bucket: string; readonly 'Key.$': string };
  };
  readonly ItemProcessor: StateMachine & {
    readonly ProcessorConfig: { readonly Mode: 'DISTRIBUTED'; readonly ExecutionType: 'STANDARD' };
  };
  readonly ResultWriter: {
    readonly Resource: 'arn:aws:states:::s3:putObject';
    readonly Parameters: { readonly Bucket: string; readonly 'Prefix.$': string };
  };
  readonly MaxConcurrency: number;
  readonly ToleratedFailurePercentage: number;
  readonly ResultPath: null;
  readonly Catch?: readonly Catcher[];
};

type Comparison =
  | { readonly Variable: string; readonly BooleanEquals: boolean }
  | { readonly Variable: string; readonly NumericEquals: number }
  | { readonly Variable: string; readonly NumericGreaterThanEquals: number }
  | { readonly Variable: string; readonly IsPresent: boolean };

export interface ChoiceState {
  readonly Type: 'Choice';
  readonly Comment?: string;
  /** The part of the input that is compared, and handed on. */
  readonly InputPath?: string;
  readonly Choices: readonly (Comparison & { readonly Next: string })[];
  readonly Default: string;
}

export type WaitState = Transition & {
  readonly Type: 'Wait';
  readonly Comment?: string;
  /** Of a whole number of seconds from 0. */
  readonly SecondsPath: string;
};

export type FailState = { readonly Type: 'Fail'; readonly Comment?: string } & (
  | { readonly ErrorPath: string; readonly CausePath: string }
  | { readonly Error: string; readonly Cause: string }
);

export interface SucceedState {
  readonly Type: 'Succeed';
  readonly Comment?: string;
}

export type State = TaskState | DistributedMapState | ChoiceState | WaitState | FailState | SucceedState;

export interface StateMachine {
  readonly StartAt: string;
  readonly States: Readonly<Record<string, State>>;
}

/** What is deployed: `JSON.stringify` of it is the definition. */
export interface StateMachineDefinition extends StateMachine {
  readonly Comment: string;
}
