/// <reference types="vitest/config" />
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

// `npm run dev` sends API requests to a running platform.
const api = process.env.FOOTFALL_API ?? 'http://127.0.0.1:8080';

export default defineConfig({
  base: '/console/',
  plugins: [react()],
  server: { proxy: { '/v1': api, '/docs': api } },
  preview: { proxy: { '/v1': api, '/docs': api } },
  build: {
    target: 'es2023',
    // Nothing may be inline: the policy of the pages forbids it.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  test: { include: ['src/**/*.test.ts'], environment: 'node' },
});
