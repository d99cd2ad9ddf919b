import { existsSync, globSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { browserPath, launch, withoutBrowser } from '../../packages/report-page/test/page.ts';

/**
 * Opens the built site in Chromium, every page on a dark phone and some on a light desktop: nothing is wider than the screen,
 * every image is there, nothing fails, and the search finds something. The API reference counts as one page.
 */
const site = join(import.meta.dirname, '../.vitepress/dist');
const pages = [...globSync('*.html', { cwd: site }).filter((file) => file !== '404.html'), 'api/index.html'];
const screens = [
  { name: 'phone', viewport: { width: 390, height: 844 }, colorScheme: 'dark', pages },
  {
    name: 'desktop',
    viewport: { width: 1280, height: 900 },
    colorScheme: 'light',
    pages: ['index.html', 'start.html', 'how-it-works.html', 'options.html'],
  },
] as const;

if (browserPath === undefined) {
  console.log(`Pages in a browser${withoutBrowser}.`);
} else {
  const faults = await check();
  for (const fault of faults) console.log(fault);
  process.exitCode = faults.length === 0 ? 0 : 1;
}

async function check(): Promise<string[]> {
  const server = createServer(({ url = '/' }, response) => {
    const path = decodeURIComponent(new URL(url, 'http://site').pathname);
    const found = [path, `${path}.html`, `${path}index.html`].find(
      (file) => extname(file) !== '' && existsSync(join(site, file)),
    );
    if (found === undefined) return response.writeHead(404).end();
    const type =
      { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' }[
        extname(found)
      ] ?? 'application/octet-stream';
    return response.writeHead(200, { 'content-type': type }).end(readFileSync(join(site, found)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const browser = await launch();
  const faults: string[] = [];
  for (const { name, pages, ...screen } of screens) {
    const page = await browser.newPage(screen);
    let address = '';
    const fault = (message: string) => faults.push(`${address} (${name}): ${message}`);
    page.on('pageerror', (error) => fault(String(error)));
    page.on('console', (message) => message.type() === 'error' && fault(message.text()));
    for (const file of pages) {
      address = file;
      await page.goto(`${origin}/${file.replace(/(index)?\.html$/, '')}`, { waitUntil: 'load' });
      const seen = await page.evaluate(() => ({
        width: document.documentElement.scrollWidth,
        screen: innerWidth,
        missing: [...document.images].filter((image) => image.complete && image.naturalWidth === 0).length,
      }));
      if (seen.width > seen.screen) fault(`the page is ${seen.width} pixels wide, the screen ${seen.screen}`);
      if (seen.missing > 0) fault(`${seen.missing} images are missing`);
    }
    address = 'search';
    await page.goto(origin, { waitUntil: 'networkidle' });
    await page.locator('#local-search button').click();
    await page.locator('.search-input').fill('Pareto frontier');
    const result = page.locator('.VPLocalSearchBox .result').first();
    await result.waitFor({ timeout: 20_000 }).catch(() => fault('"Pareto frontier" is not found'));
    await page.close();
  }
  await browser.close();
  server.close();
  console.log(`${pages.length} pages in a browser, ${faults.length} faults.`);
  return faults;
}
