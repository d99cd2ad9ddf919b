import { describe, expect, it } from 'vitest';
import { type ChatReply, type ChatRequest, contentText, systemOf } from '../chat.ts';
import { type OpenAIServer, startOpenAIServer } from '../openai-server.ts';
import { useServer } from './use-server.ts';

/** The reply of a server for tests of reflection models: the last message decides. */
export function replyToPrompt(request: ChatRequest): ChatReply {
  const prompt = contentText(request.messages.at(-1));
  if (prompt === 'refuse') return { status: 429, error: 'rate limit' };
  if (prompt === 'wait') return { connection: 'hangs' };
  if (prompt === 'silence') return '';
  if (prompt === 'long') return { content: 'cut', finishReason: 'length' };
  return `${systemOf(request)}re: ${prompt}`;
}

export interface ReflectionModelSubject {
  /** The name under which usage reports the model. */
  readonly modelName: string;
  /** Makes a reflection model of a framework's model that asks this server. */
  modelOf(server: OpenAIServer): ReflectionModel;
}

interface ReflectionModel {
  (request: {
    readonly prompt: string;
    readonly images?: readonly { readonly mediaType: string; readonly data: string }[];
    readonly signal: AbortSignal;
  }): Promise<unknown>;
  readonly readsImages?: boolean;
}

/** How a framework's model serves as a reflection model, as a vitest suite. */
export function reflectionModelSuite(name: string, { modelName, modelOf }: ReflectionModelSubject): void {
  describe(`reflection model: ${name}`, () => {
    const server = useServer(() => startOpenAIServer(replyToPrompt));
    const ask = (prompt: string, signal = new AbortController().signal) =>
      modelOf(server)({ prompt, signal });

    it('a reflection model answers with text, usage and finish reason', async () => {
      const spent = { modelCalls: 1, inputTokens: 2, outputTokens: 3 };
      expect(await ask('two words')).toEqual({
        text: 're: two words',
        usage: { ...spent, byModel: { [modelName]: spent } },
        finishReason: 'stop',
      });
      expect(await ask('long')).toMatchObject({ text: 'cut', finishReason: 'length' });
    });

    it('a reflection model returns an empty answer as an empty text', async () => {
      expect(await ask('silence')).toMatchObject({ text: '' });
    });

    it('an abort ends the call of a reflection model with the reason of the signal', async () => {
      const controller = new AbortController();
      const reason = new Error('enough');
      const waiting = ask('wait', controller.signal);
      setTimeout(() => controller.abort(reason), 20);
      await expect(waiting).rejects.toBe(reason);
      await expect(ask('x', controller.signal)).rejects.toBe(reason);
      const atOnce = new AbortController();
      const begun = ask('wait', atOnce.signal);
      atOnce.abort(reason);
      await expect(begun).rejects.toBe(reason);
    });
  });
}

/** Vitest suite: a framework's model that reads images receives the images of its prompt. */
export function imageReadingSuite(
  name: string,
  modelOf: (server: OpenAIServer, options?: { readonly readsImages: boolean }) => ReflectionModel,
): void {
  it(`${name} that reads images receives them as content parts, each after its name`, async () => {
    const contents: unknown[] = [];
    const seen = await startOpenAIServer(({ messages }) => {
      contents.push(messages.at(-1)!.content);
      return 'yes';
    });
    const { signal } = new AbortController();
    const model = modelOf(seen, { readsImages: true });
    expect(model.readsImages).toBe(true);
    expect(modelOf(seen).readsImages).toBe(false);
    const images = [{ mediaType: 'image/png', data: 'iVBORw0KGgo=' }];
    await model({ prompt: 'Improve.', images, signal });
    await model({ prompt: 'Improve.', signal });
    expect(contents).toEqual([
      [
        { type: 'text', text: 'Improve.' },
        { type: 'text', text: '[image: image/png, 9 bytes]' },
        { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } },
      ],
      'Improve.',
    ]);
    await seen.close();
  });
}
