import { textLines } from '../../core/extract/text-lines.ts';
import type {
  AcceptedJob,
  BatchProvider,
  CancelAsked,
  FoundJobs,
  JobState,
  NewJob,
  ProviderFile,
  ProviderProblem,
  ResultLine,
  UploadedFile,
} from '../../core/ports/batch-provider.ts';
import { assertJobName } from '../../core/ports/job-name.ts';
import { GeminiApi, type GeminiApiOptions, type GeminiCall } from './gemini-api.ts';
import { displayNameOf, type GeminiJob, jobNameOf, jobOf } from './gemini-job.ts';
import { answerOfLine, requestLine } from './gemini-line.ts';
import { firstWords } from './gemini-problem.ts';
import { uploadFile } from './gemini-upload.ts';

/** A file of requests is made in memory; the API itself would take 2 GB. */
const MAX_REQUEST_BYTES = 256 * 1024 * 1024;
/** Of jobs in a listing. */
const PAGE_SIZE = 100;
/** A listing that goes on behind this many pages leads nowhere. */
const MOST_PAGES = 500;
/** An answer of 16,384 tokens has some 100 KB. */
const MAX_LINE_BYTES = 16 * 1024 * 1024;
/** Characters of a line that go on record. */
const MAX_RAW = 1_000_000;
/** Characters of a page in place of results: its first words are told. */
const PAGE_LENGTH = 4_000;

/**
 * Batches of the Gemini API, spoken over REST: the official SDK ends the process where a download is cut
 * half way, heeds no retry delay, and drops counts and errors of jobs.
 */
export function openGeminiBatchProvider(options: GeminiApiOptions): BatchProvider {
  return new GeminiBatchProvider(new GeminiApi(options));
}

class GeminiBatchProvider implements BatchProvider {
  readonly name = 'gemini';
  readonly limits = { minimumPages: 1, maximumPages: 10_000 };
  readonly #api: GeminiApi;

  constructor(api: GeminiApi) {
    this.#api = api;
  }

  async upload(file: ProviderFile, signal?: AbortSignal): Promise<UploadedFile | ProviderProblem> {
    const made = await uploadFile(this.#api, file, signal);
    return made.kind === 'problem'
      ? refusedWhereMissing(made)
      : { kind: 'uploaded', uri: made.uri, mimeType: file.mimeType };
  }

  async submit({ name, model, lines }: NewJob, signal?: AbortSignal): Promise<AcceptedJob | ProviderProblem> {
    assertJobName(name);
    const call: GeminiCall = {
      action: `create the batch job ${name}`,
      method: 'POST',
      path: `${this.#api.version}/models/${encodeURIComponent(model.replace(/^models\//, ''))}:batchGenerateContent`,
      signal,
      isOnce: true,
    };
    const refused = (message: string) =>
      this.#api.problem(call, { kind: 'problem', cause: 'refused', message });
    const { minimumPages, maximumPages } = this.limits;
    if (lines.length < minimumPages || lines.length > maximumPages)
      return refused(`${lines.length} requests; a job has ${minimumPages} to ${maximumPages}`);
    const bytes = Buffer.from(lines.map(requestLine).join(''));
    if (bytes.length > MAX_REQUEST_BYTES)
      return refused(`requests of ${bytes.length} bytes; a job has at most ${MAX_REQUEST_BYTES}`);

    const file = await uploadFile(
      this.#api,
      { bytes, mimeType: 'jsonl', displayName: `${name}.jsonl` },
      signal,
    );
    if (file.kind === 'problem') return refusedWhereMissing(file);
    const body = { batch: { inputConfig: { fileName: file.name }, displayName: name } };
    const answer = await this.#api.json({ ...call, body });
    if (answer.kind === 'problem') return refusedWhereMissing(answer);
    const job = jobNameOf(answer.value.name);
    return job === undefined
      ? this.#api.unexpected(call, 'the answer names no job')
      : { kind: 'accepted', job };
  }

  async find(name: string, signal?: AbortSignal): Promise<FoundJobs | ProviderProblem> {
    const jobs: JobState[] = [];
    let token = '';
    for (let page = 0; page < MOST_PAGES; page++) {
      const query = new URLSearchParams({ pageSize: String(PAGE_SIZE), ...(token && { pageToken: token }) });
      const call = {
        action: `list the batch jobs, page ${page + 1}`,
        path: `${this.#api.version}/batches?${query}`,
        signal,
      };
      const answer = await this.#api.json(call);
      if (answer.kind === 'problem') return refusedWhereMissing(answer);
      const { operations = [], nextPageToken } = answer.value;
      // What is no list could hide a job that is paid for already.
      if (!Array.isArray(operations)) return this.#api.unexpected(call, 'the answer has no list of jobs');
      for (const operation of operations) {
        if (displayNameOf(operation) !== name) continue;
        const found = jobOf(operation)?.state;
        if (!found) return this.#api.unexpected(call, 'a job of that name cannot be read');
        jobs.push(found);
      }
      if (nextPageToken === undefined || nextPageToken === '') return { kind: 'found', jobs };
      // What is no text could hide the rest of the list.
      if (typeof nextPageToken !== 'string')
        return this.#api.unexpected(call, 'the page that follows has no name');
      if (nextPageToken === token)
        return this.#api.unexpected(call, 'the page that follows is the same again');
      token = nextPageToken;
    }
    return this.#api.unexpected({ action: 'list the batch jobs', path: '' }, `more than ${MOST_PAGES} pages`);
  }

  async state(job: string, signal?: AbortSignal): Promise<JobState | ProviderProblem> {
    const found = await this.#job(job, signal);
    return 'state' in found ? found.state : found;
  }

  async *results(job: string, signal?: AbortSignal): AsyncGenerator<ResultLine | ProviderProblem, void> {
    const found = await this.#job(job, signal);
    if (!('state' in found)) return void (yield found);
    const { state, resultsFile } = found;
    const call: GeminiCall = {
      action: `read the results of ${job}`,
      path: `${this.#api.version}/${resultsFile}:download?alt=media`,
      signal,
    };
    if (!state.hasResults) {
      const message = `there are none: ${state.providerState || state.status}`;
      return void (yield this.#api.problem(call, { kind: 'problem', cause: 'missing', message }));
    }
    let problem: ProviderProblem | undefined;
    const api = this.#api;
    const pieces = async function* () {
      problem = yield* api.download(call);
    };
    let isFirst = true;
    let page: string | undefined;
    for await (const { text, isWhole } of textLines(pieces(), MAX_LINE_BYTES)) {
      // The last line of a body that was cut is half a line, and no answer.
      if (problem) break;
      if (isFirst && text.trimStart().startsWith('<')) page = '';
      isFirst = false;
      if (page !== undefined) {
        page += `${text}\n`;
        if (page.length > PAGE_LENGTH) break;
        continue;
      }
      yield {
        kind: 'line',
        raw: text.slice(0, MAX_RAW),
        answer: isWhole
          ? answerOfLine(text)
          : { kind: 'invalid-line', message: `the line has more than ${MAX_LINE_BYTES} bytes` },
      };
    }
    if (page !== undefined && !problem) {
      const message = `a page of HTML or XML in place of JSON: ${JSON.stringify(firstWords(page))}`;
      return void (yield this.#api.unexpected(call, message));
    }
    // The job itself could be read with the same key: what is refused here is a file that is there no more.
    if (problem) yield problem.cause === 'refused' ? { ...problem, cause: 'missing' } : problem;
  }

  async cancel(job: string, signal?: AbortSignal): Promise<CancelAsked | ProviderProblem> {
    const answer = await this.#api.json({
      action: `cancel ${job}`,
      method: 'POST',
      path: `${this.#api.version}/${checked(job)}:cancel`,
      body: {},
      signal,
    });
    if (answer.kind === 'json') return { kind: 'cancel-asked' };
    if (answer.cause !== 'refused') return answer;
    // One that is over cannot be cancelled, and need not be.
    const now = await this.state(job, signal);
    return now.kind === 'job' && now.status !== 'running' ? { kind: 'cancel-asked' } : answer;
  }

  async #job(job: string, signal: AbortSignal | undefined): Promise<GeminiJob | ProviderProblem> {
    const call: GeminiCall = {
      action: `look at ${job}`,
      path: `${this.#api.version}/${checked(job)}`,
      signal,
    };
    const answer = await this.#api.json(call);
    if (answer.kind === 'problem') return answer;
    const found = jobOf(answer.value);
    return found?.state.job === job
      ? found
      : this.#api.unexpected(call, 'the answer is of no job, or of another');
  }
}

/** Names go into addresses: what is no name of a job is a bug of whoever wrote it down. */
function checked(job: string): string {
  if (jobNameOf(job) === undefined)
    throw new RangeError(`not the name of a batch job: ${JSON.stringify(job)}`);
  return job;
}

/** Where there is no such model or no such API, a person has to look, and nothing is lost. */
function refusedWhereMissing(problem: ProviderProblem): ProviderProblem {
  return problem.cause === 'missing' ? { ...problem, cause: 'refused' } : problem;
}
