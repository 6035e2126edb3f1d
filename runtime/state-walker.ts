import type { Json } from '../core/ports/state-store.ts';
import type {
  Catcher,
  ChoiceState,
  DistributedMapState,
  FailState,
  PayloadTemplate,
  StateMachine,
  TaskState,
  WaitState,
} from '../core/workflow/asl.ts';
import { isMatch } from '../core/workflow/asl-retry.ts';
import { StatesError, toError } from './state-payload.ts';

/** A state that waits for something outside: what it does is played by whoever walks the machine. */
export type WorkingState = TaskState | DistributedMapState | WaitState;

type NestedTemplate = Readonly<Record<string, string | PayloadTemplate>>;

/** Does the work of a state. Its error is matched by its name against the state's catchers. */
export type Work = (input: Json) => Promise<Json>;

/**
 * Walks a state machine from its start to its end, as Step Functions does it (JSONPath): parameters, results
 * and outputs by paths, choices, catchers. Of paths there are only those that name fields, `$.a.b`: no
 * definition of ours has others. `works` has the work of each state that has any, by the state's name;
 * `context` is what paths that begin with `$$` are looked up in.
 *
 * Answers the output. Throws what a state threw that no catcher takes, the error of a Fail state under its
 * own name, and a `StatesError` where the definition and its data do not fit.
 */
export async function walk(
  machine: StateMachine,
  works: ReadonlyMap<string, Work>,
  input: Json,
  context: Json = {},
): Promise<Json> {
  let name = machine.StartAt;
  let data = input;
  for (;;) {
    const state = machine.States[name];
    if (!state) throw new Error(`there is no state ${name}`);
    switch (state.Type) {
      case 'Succeed':
        return data;
      case 'Fail':
        throw failureOf(state, data);
      case 'Choice':
        data = required(data, state.InputPath ?? '$');
        name = chosen(state, data);
        break;
      default: {
        const { output, next } = await doWork(state, works.get(name), data, context);
        data = output;
        if (next === undefined) return data;
        name = next;
      }
    }
  }
}

async function doWork(
  state: WorkingState,
  work: Work | undefined,
  input: Json,
  context: Json,
): Promise<{ readonly output: Json; readonly next: string | undefined }> {
  if (!work) throw new Error(`nobody does the work of a state of type ${state.Type}`);
  try {
    const result = await work(inputOf(state, input, context));
    return { output: outputOf(state, input, result), next: 'Next' in state ? state.Next : undefined };
  } catch (thrown) {
    const error = toError(thrown);
    const catcher = 'Catch' in state ? catcherOf(state.Catch ?? [], error) : undefined;
    if (!catcher) throw error;
    const problem = { Error: error.name, Cause: error.message };
    return { output: placed(input, catcher.ResultPath, problem), next: catcher.Next };
  }
}

function catcherOf(catchers: readonly Catcher[], error: Error): Catcher | undefined {
  if (error instanceof StatesError && !error.isCatchable) return undefined;
  return catchers.find(({ ErrorEquals }) => ErrorEquals.some((pattern) => isMatch(pattern, error.name)));
}

function inputOf(state: WorkingState, input: Json, context: Json): Json {
  switch (state.Type) {
    case 'Task':
      return filled(state.Parameters, input, context);
    case 'Map':
      return filled(state.ItemReader.Parameters, input);
    case 'Wait':
      return required(input, state.SecondsPath);
  }
}

function outputOf(state: WorkingState, input: Json, result: Json): Json {
  // A Wait has no result, and that of a Map is in the bucket.
  if (state.Type !== 'Task') return input;
  const selected = state.ResultSelector ? filled(state.ResultSelector, result) : result;
  return state.ResultPath === undefined ? selected : placed(input, state.ResultPath, selected);
}

/** The template with every `name.$` as `name`, and what stands at its path. */
function filled(template: NestedTemplate, data: Json, context: Json = {}): Json {
  return Object.fromEntries(
    Object.entries(template).map(([key, value]) => {
      if (typeof value !== 'string') return [key, filled(value, data, context)];
      if (!key.endsWith('.$')) return [key, value];
      const isOfContext = value.startsWith('$$');
      return [key.slice(0, -2), isOfContext ? required(context, value.slice(1)) : required(data, value)];
    }),
  );
}

function chosen({ Choices, Default }: ChoiceState, data: Json): string {
  const choice = Choices.find((rule) => {
    if ('IsPresent' in rule) return (found(data, rule.Variable) !== undefined) === rule.IsPresent;
    const value = required(data, rule.Variable);
    if ('BooleanEquals' in rule) return value === rule.BooleanEquals;
    if ('NumericEquals' in rule) return value === rule.NumericEquals;
    return typeof value === 'number' && value >= rule.NumericGreaterThanEquals;
  });
  return choice?.Next ?? Default;
}

function failureOf(state: FailState, data: Json): Error {
  const isGiven = 'Error' in state;
  const error = new Error(isGiven ? state.Cause : requiredText(data, state.CausePath));
  error.name = isGiven ? state.Error : requiredText(data, state.ErrorPath);
  return error;
}

function fieldsOf(path: string): readonly string[] {
  if (!/^\$(?:\.[A-Za-z_]\w*)*$/.test(path)) throw new Error(`not a path of fields: ${path}`);
  return path.split('.').slice(1);
}

function found(data: Json, path: string): Json | undefined {
  let value: Json | undefined = data;
  for (const field of fieldsOf(path)) {
    if (!isObject(value) || !Object.hasOwn(value, field)) return undefined;
    value = value[field];
  }
  return value;
}

function required(data: Json, path: string): Json {
  const value = found(data, path);
  if (value === undefined) throw new StatesError('States.Runtime', `there is nothing at ${path}`, 'final');
  return value;
}

function requiredText(data: Json, path: string): string {
  const value = required(data, path);
  if (typeof value !== 'string') throw new StatesError('States.Runtime', `no text at ${path}`, 'final');
  return value;
}

/** The input with the value at a path; the input alone where the path is null. */
function placed(input: Json, path: string | null, value: Json): Json {
  if (path === null) return input;
  const [field, ...below] = fieldsOf(path);
  if (field === undefined) return value;
  if (!isObject(input))
    throw new StatesError(
      'States.ResultPathMatchFailure',
      `${path} is no place in what is no object`,
      'final',
    );
  const inner = input[field];
  const under = ['$', ...below].join('.');
  return {
    ...input,
    [field]: below.length === 0 ? value : placed(isObject(inner) ? inner : {}, under, value),
  };
}

function isObject(value: Json | undefined): value is { readonly [field: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
