import { mkdtemp, readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type OpenAIServer, startOpenAIServer } from '../openai-server.ts';

interface Image {
  readonly mediaType: string;
  readonly data: string;
}

interface ReflectionModel {
  (request: { readonly prompt: string; readonly images?: readonly Image[] }): Promise<string>;
  readonly readsImages: boolean;
}

/** Options for `compile` that the subject passes on. */
export interface TraceImageOptions {
  readonly metric: () => { readonly score: number; readonly feedback: string };
  readonly reflectionModel: ReflectionModel;
  readonly maxMetricCalls: number;
  readonly runDir: string;
}

const data = `iVBORw0KGgo${'A'.repeat(40_000)}`;

/**
 * Vitest suite: an image that a tool returns is sent to the reflection model and not written to the run directory.
 *
 * @param compile compiles an agent with the tool `screenshot`, which returns this PNG image in base64.
 */
export function traceImageSuite(
  name: string,
  compile: (server: OpenAIServer, image: string, options: TraceImageOptions) => Promise<unknown>,
): void {
  it.each([true, false])(
    `an image that a tool of ${name} returns is shown to a reflection model that reads images: %s`,
    async (readsImages) => {
      const server = await startOpenAIServer(({ messages }) =>
        messages.at(-1)!.role === 'tool' ? 'A cat.' : { calls: [{ name: 'screenshot', args: {} }] },
      );
      const requests: { readonly prompt: string; readonly images: readonly Image[] }[] = [];
      const answer = async ({ prompt, images = [] }: Parameters<ReflectionModel>[0]) => {
        requests.push({ prompt, images });
        return '```\nName what the screen shows, in one word.\n```';
      };
      const runDir = await mkdtemp(join(tmpdir(), 'gepa-images-'));
      await compile(server, data, {
        metric: () => ({ score: 0, feedback: 'It is a dog.' }),
        reflectionModel: Object.assign(answer, { readsImages }),
        maxMetricCalls: 4,
        runDir,
      });
      await server.close();
      const [first] = requests;
      expect(first!.images).toEqual(readsImages ? [{ mediaType: 'image/png', data }] : []);
      expect(first!.prompt).toContain('[image: image/png, 30 kB]');
      const entries = await readdir(runDir, { withFileTypes: true, recursive: true });
      const files = entries.filter((entry) => entry.isFile());
      expect(files.length).toBeGreaterThan(0);
      for (const file of files) {
        expect(await readFile(join(file.parentPath, file.name), 'utf8')).not.toContain('A'.repeat(1_000));
      }
    },
  );
}
