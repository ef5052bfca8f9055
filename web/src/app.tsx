import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { Suspense, useEffect, useState } from 'react';
import { Route, Router, Switch } from 'wouter';
import { asProblem } from './api/problem';
import { Accept } from './screens/auth/accept';
import { Forgot } from './screens/auth/forgot';
import { Login } from './screens/auth/login';
import { RecoveryCodes } from './screens/auth/second-factor';
import { session } from './session/session';
import { useRecoveryCodes, useSessionState } from './session/use-session';
import { ErrorBoundary } from './shell/boundary';
import { Gate } from './shell/page';
import { Shell, useTheme } from './shell/shell';
import { text } from './text/en';
import { ErrorBox, Loading } from './ui/states';

const TRIES = 2;

const client = new QueryClient({
  defaultOptions: {
    queries: {
      // A wrong request stays wrong: only what may pass is tried again.
      retry: (count, error) => count < TRIES && asProblem(error).transient,
      retryDelay: (count, error) => (asProblem(error).retryAfter ?? 2 ** count) * 1000,
      refetchOnWindowFocus: true,
    },
  },
});

const base = import.meta.env.BASE_URL.replace(/\/$/, '');

export function App() {
  const [theme] = useTheme();
  useEffect(() => {
    if (theme === 'auto') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
  }, [theme]);
  return (
    <QueryClientProvider client={client}>
      <Router base={base}>
        <Switch>
          <Route path="/invitation">
            <Accept what="invitation" />
          </Route>
          <Route path="/reset">
            <Accept what="reset" />
          </Route>
          <Route path="/forgot">
            <Forgot />
          </Route>
          <Route>
            <Inside />
          </Route>
        </Switch>
      </Router>
    </QueryClientProvider>
  );
}

/** The console behind the login. */
function Inside() {
  const state = useSessionState();
  const codes = useRecoveryCodes();
  const [failure, setFailure] = useState<unknown>(null);
  const restore = () => {
    setFailure(null);
    session.restore().catch(setFailure);
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: a page restores its session once.
  useEffect(() => {
    if (session.state === 'unknown') restore();
  }, []);
  useEffect(() => {
    // The numbers of one user are not shown to the next.
    if (state === 'out') client.clear();
  }, [state]);
  if (failure) {
    return (
      <Gate title={text.name}>
        <ErrorBox error={failure} retry={restore} />
      </Gate>
    );
  }
  if (state === 'unknown') return <Loading />;
  if (state === 'out') return <Login />;
  if (codes.length > 0) return <RecoveryCodes codes={codes} onStored={session.recoveryCodesStored} />;
  return (
    <ErrorBoundary place="shell">
      <Suspense fallback={<Loading />}>
        <Shell />
      </Suspense>
    </ErrorBoundary>
  );
}
