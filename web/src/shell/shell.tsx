import { Suspense, useEffect, useRef, useState } from 'react';
import { Link, Redirect, Route, Switch, useLocation } from 'wouter';
import { type Me, useMe } from '../data/me';
import { useShortcuts, useShortcutsEnabled } from '../hooks/use-shortcuts';
import { useStored } from '../hooks/use-stored';
import { session } from '../session/session';
import { text } from '../text/en';
import { Button, Check, Dialog, Popover, Select } from '../ui/controls';
import { Loading, Skeleton } from '../ui/states';
import { ErrorBoundary } from './boundary';
import { Page } from './page';
import { SCREENS, type Screen } from './screens';
import css from './shell.module.css';

const GROUPS = ['reports', 'setup', 'platform'] as const;
export const THEMES = ['auto', 'light', 'dark'] as const;

export function useTheme() {
  return useStored('theme', THEMES, 'auto');
}

/** The frame around all screens: menu, shortcuts, and the screen of the URL. */
export function Shell() {
  const me = useMe();
  const [path, navigate] = useLocation();
  const main = useRef<HTMLElement>(null);
  const [listing, setListing] = useState(false);
  const screens = SCREENS.filter((screen) => screen.allowed(me));
  const goto = screens.flatMap(({ shortcut, path: to }) =>
    shortcut ? [[shortcut, () => navigate(to)] as const] : [],
  );
  useShortcuts({ ...Object.fromEntries(goto), '?': () => setListing(true) });
  // Where a click led elsewhere, a screen reader begins with the new screen.
  const first = useRef(true);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the path is what the effect waits for.
  useEffect(() => {
    if (!first.current) main.current?.focus({ preventScroll: true });
    first.current = false;
    scrollTo(0, 0);
  }, [path]);
  const home = screens[0]?.path ?? '/account';
  return (
    <div className={css.shell}>
      <a className={css.skip} href="#main">
        {text.skip}
      </a>
      <aside className={css.side}>
        <Brand me={me} />
        <Menu screens={screens} />
        <div className={css.foot}>
          <Foot onShortcuts={() => setListing(true)} />
        </div>
      </aside>
      <header className={css.top}>
        <Brand me={me} />
        <Popover label={text.menu} variant="quiet">
          {(close) => (
            // biome-ignore lint/a11y/noStaticElementInteractions: a click on any link closes the sheet.
            // biome-ignore lint/a11y/useKeyWithClickEvents: links turn keys into clicks themselves.
            <div
              className={css.sheet}
              onClick={(event) => event.target instanceof HTMLAnchorElement && close()}
            >
              <Menu screens={screens} />
              <Foot onShortcuts={() => setListing(true)} />
            </div>
          )}
        </Popover>
      </header>
      <main ref={main} id="main" className={css.main} tabIndex={-1}>
        <ErrorBoundary place={path}>
          <Suspense fallback={<Waiting />}>
            <Switch>
              <Route path="/">
                <Redirect to={home} replace />
              </Route>
              {screens.map(({ path: at, component: Component }) => (
                <Route key={at} path={at}>
                  <Component />
                </Route>
              ))}
              <Route>
                <Missing />
              </Route>
            </Switch>
          </Suspense>
        </ErrorBoundary>
      </main>
      {listing && <ShortcutList onClose={() => setListing(false)} />}
    </div>
  );
}

function Brand({ me }: { me: Me }) {
  return (
    <Link href="/" className={css.brand}>
      <img src={`${import.meta.env.BASE_URL}favicon.svg`} alt="" width="28" height="28" />
      <span>
        {text.name}
        <small>{me.tenant?.name ?? text.roles[me.role] ?? me.role}</small>
      </span>
    </Link>
  );
}

function Menu({ screens }: { screens: readonly Screen[] }) {
  return (
    <nav aria-label={text.nav.label}>
      {GROUPS.map((group) => {
        const shown = screens.filter(({ menu }) => menu?.group === group);
        return (
          shown.length > 0 && (
            <div key={group}>
              <p className={css.group}>{text.nav[group]}</p>
              <ul>
                {shown.map(({ path, menu }) => (
                  <li key={path}>
                    <MenuLink href={path} label={menu?.label ?? ''} />
                  </li>
                ))}
              </ul>
            </div>
          )
        );
      })}
    </nav>
  );
}

function MenuLink({ href, label }: { href: string; label: string }) {
  const [path] = useLocation();
  const here = path === href || path.startsWith(`${href}/`);
  return (
    <Link href={href} className={css.link} aria-current={here ? 'page' : undefined}>
      {label}
    </Link>
  );
}

function Foot({ onShortcuts }: { onShortcuts: () => void }) {
  const [theme, setTheme] = useTheme();
  return (
    <>
      <Select
        quiet
        label={text.nav.theme}
        value={theme}
        options={THEMES.map((name) => [name, text.nav.themes[name]] as const)}
        onChange={setTheme}
      />
      <Button variant="quiet" onClick={onShortcuts}>
        {text.nav.shortcuts}
      </Button>
      <MenuLink href="/account" label={text.nav.account} />
      <Button variant="quiet" onClick={() => void session.logout()}>
        {text.nav.logout}
      </Button>
    </>
  );
}

function ShortcutList({ onClose }: { onClose: () => void }) {
  const [enabled, setEnabled] = useShortcutsEnabled();
  return (
    <Dialog title={text.shortcuts.title} onClose={onClose}>
      <table>
        <tbody>
          {Object.entries(text.shortcuts.keys).map(([keys, what]) => (
            <tr key={keys}>
              <th scope="row">
                {keys.split(' ').map((key) => (
                  <kbd key={key}>{key}</kbd>
                ))}
              </th>
              <td>{what}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <Check checked={enabled === 'on'} onChange={(on) => setEnabled(on ? 'on' : 'off')}>
        {text.shortcuts.enabled}
      </Check>
    </Dialog>
  );
}

/** What does not exist looks as what others alone may see. */
function Missing() {
  return (
    <Page title={text.problems.missing}>
      <p>{text.problems.missingDetail}</p>
      <Link href="/">{text.problems.home}</Link>
    </Page>
  );
}

/** The place holder of a screen that is loading. */
function Waiting() {
  return (
    <div className={css.page}>
      <Loading />
      <Skeleton height={40} width="min(320px, 60%)" />
      <Skeleton height={110} />
      <Skeleton height={300} />
      <Skeleton height={240} />
    </div>
  );
}
