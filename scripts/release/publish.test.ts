// @module-tag slow

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { packedPackage } from './packed-package.ts';
import { publishTarballs } from './publish.ts';

interface Packument {
  readonly name: string;
  readonly 'dist-tags': Record<string, string>;
  readonly versions: Record<string, unknown>;
}

/** A registry on loopback with what npm needs to publish and to look up. `refuses` names packages that it refuses. */
async function startRegistry(refuses: Set<string>) {
  const stored = new Map<string, Packument>();
  const order: string[] = [];
  const server: Server = createServer(async (request, response) => {
    const name = decodeURIComponent(request.url!.slice(1).split('?')[0]!);
    const body = (await request.toArray()).join('');
    const answer = (status: number, value: object) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    if (request.method === 'PUT') {
      if (refuses.has(name)) return answer(403, { error: 'refused' });
      const added = JSON.parse(body) as Packument;
      const old = stored.get(name);
      stored.set(name, {
        ...added,
        'dist-tags': { ...old?.['dist-tags'], ...added['dist-tags'] },
        versions: { ...old?.versions, ...added.versions },
      });
      order.push(name);
      return answer(201, { ok: true });
    }
    const found = stored.get(name);
    return found === undefined ? answer(404, { error: 'Not found' }) : answer(200, found);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  return { url, stored, order, close: () => new Promise((resolve) => server.close(resolve)) };
}

const folder = mkdtempSync(join(tmpdir(), 'gepa-release-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('publishing, to a registry on loopback with the real npm', () => {
  const settings = join(folder, 'npmrc');
  const refuses = new Set<string>();
  let registry: Awaited<ReturnType<typeof startRegistry>>;
  beforeEach(async () => {
    refuses.clear();
    registry = await startRegistry(refuses);
    writeFileSync(settings, `${registry.url.replace('http:', '')}:_authToken=none\n`);
    vi.stubEnv('npm_config_userconfig', settings);
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    await registry.close();
  });
  const names = ['gepa-core', 'gepa-langchain'];
  const publish = (tag: 'latest' | 'next' = 'latest', version = '1.2.3') => {
    const packed = (name: string) =>
      packedPackage(folder, name, (_, manifest) => Object.assign(manifest, { version }));
    return publishTarballs(new Map(names.map((name) => [name, packed(name)])), version, {
      tag,
      registry: registry.url,
      provenance: false,
    });
  };

  it('packages are published in order under their tag, once', async () => {
    expect(await publish('next')).toEqual(names);
    expect(registry.order).toEqual(names);
    expect(registry.stored.get('gepa-core')?.['dist-tags']).toEqual({ next: '1.2.3' });
    expect(await publish()).toEqual([]);
    expect(registry.order).toEqual(names);
  });

  it('a further version is published beside the first, under npm run --silent too', async () => {
    vi.stubEnv('npm_config_loglevel', 'silent');
    await publish();
    expect(await publish('latest', '1.3.0')).toEqual(names);
    expect(Object.keys(registry.stored.get('gepa-core')!.versions)).toEqual(['1.2.3', '1.3.0']);
  });

  it('a release that failed halfway is completed by running it again', async () => {
    refuses.add('gepa-langchain');
    await expect(publish()).rejects.toThrow('E403');
    expect(registry.order).toEqual(['gepa-core']);
    refuses.clear();
    expect(await publish()).toEqual(['gepa-langchain']);
  });

  it('a registry that fails is not one without the package', async () => {
    await registry.close();
    vi.stubEnv('npm_config_fetch_retries', '0');
    await expect(publish()).rejects.toThrow('ECONNREFUSED');
    registry = await startRegistry(refuses);
  });
});
