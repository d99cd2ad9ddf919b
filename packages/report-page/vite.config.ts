import { createHash } from 'node:crypto';
import { defineConfig, type Plugin } from 'vite';

/**
 * Writes one HTML file: script and style stand in it, and the content security policy names their hashes. The marks
 * `<!--gepa:…-->` are where `writeReport` and `gepa watch` put their parts.
 */
function oneFile(): Plugin {
  return {
    name: 'gepa-one-file',
    enforce: 'post',
    generateBundle(_, bundle) {
      let script = '';
      let style = '';
      for (const [name, file] of Object.entries(bundle)) {
        if (file.type === 'chunk') script += file.code;
        else if (name.endsWith('.css')) style += String(file.source);
        delete bundle[name];
      }
      // In a script element, these would change how the rest of the file is read.
      script = script.replaceAll('</script', '<\\/script').replaceAll('<!--', '\\x3C!--');
      const policy = [
        "default-src 'none'",
        `script-src '${hashOf(script)}'`,
        `style-src '${hashOf(style)}'`,
        'connect-src <!--gepa:connect-->',
        'img-src data:',
        "base-uri 'none'",
        "form-action 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
      ].join('; ');
      this.emitFile({ type: 'asset', fileName: 'report.html', source: page(policy, style, script) });
    },
  };
}

const hashOf = (text: string): string => `sha256-${createHash('sha256').update(text).digest('base64')}`;

const page = (policy: string, style: string, script: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<link rel="icon" href="data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Cpath d='M2 13 6 7l3 3 5-8' fill='none' stroke='%230072b2' stroke-width='2'/%3E%3C/svg%3E">
<title>GEPA run</title>
<style>${style}</style>
</head>
<body>
<div id="app"><p class="waiting">Loading the run…</p></div>
<noscript><p class="waiting">This report needs JavaScript, which is part of this file. It makes no network requests.</p></noscript>
<!--gepa:first-->
<script>${script}</script>
<!--gepa:rest-->
</body>
</html>
`;

export default defineConfig({
  // A second copy, as npm installs for the peer of signals, would render nothing that changes.
  resolve: { dedupe: ['preact'] },
  build: {
    lib: {
      entry: 'src/main.tsx',
      formats: ['iife'],
      name: 'gepaReport',
      fileName: 'report',
      cssFileName: 'report',
    },
    minify: true,
    target: 'es2022',
    reportCompressedSize: false,
  },
  define: { 'process.env.NODE_ENV': '"production"' },
  plugins: [oneFile()],
});
