import {defineConfig} from 'vitest/config';

export default defineConfig({
  test: {
    environment: 'happy-dom',
    environmentOptions: {happyDOM: {settings: {enableIframePageLoading: true, handleDisabledFileLoadingAsSuccess: true}}},
    include: ['test/**/*.test.ts'],
    restoreMocks: true,
    unstubGlobals: true,
  },
});
