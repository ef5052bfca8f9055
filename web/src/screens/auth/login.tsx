import { type FormEvent, useState } from 'react';
import { Link } from 'wouter';
import { asProblem } from '../../api/problem';
import { type Challenge, session } from '../../session/session';
import { Gate } from '../../shell/page';
import { text } from '../../text/en';
import { Button, controls, TextInput } from '../../ui/controls';
import { ErrorBox } from '../../ui/states';

/** Login with a password and, for those who have one, a code of the second factor. */
export function Login() {
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const [challenge, setChallenge] = useState<Challenge | null>(null);
  const { busy, error, submit } = useSubmit(async () => {
    setChallenge(await session.login(email, password));
  });
  if (challenge) return <SecondFactor challenge={challenge} onBack={() => setChallenge(null)} />;
  const wrong = error !== null && asProblem(error).status === 401;
  return (
    <Gate title={text.login.title}>
      <form className={controls.stack} onSubmit={submit}>
        <TextInput
          label={text.login.email}
          type="email"
          name="email"
          autoComplete="username"
          required
          autoFocus
          value={email}
          onChange={setEmail}
        />
        <TextInput
          label={text.login.password}
          type="password"
          name="password"
          autoComplete="current-password"
          required
          value={password}
          onChange={setPassword}
          error={wrong ? text.login.wrong : undefined}
        />
        {error !== null && !wrong && <ErrorBox error={error} />}
        <Button type="submit" variant="primary" disabled={busy}>
          {text.login.submit}
        </Button>
      </form>
      <Link href="/forgot">{text.login.forgot}</Link>
    </Gate>
  );
}

function SecondFactor({ challenge, onBack }: { challenge: Challenge; onBack: () => void }) {
  const [code, setCode] = useState('');
  const { busy, error, submit } = useSubmit(() => session.secondFactor(challenge.challenge, code));
  return (
    <Gate title={text.login.factorTitle}>
      <form className={controls.stack} onSubmit={submit}>
        <TextInput
          label={text.login.factor}
          inputMode="numeric"
          autoComplete="one-time-code"
          pattern="[0-9 ]{6,9}"
          required
          autoFocus
          value={code}
          onChange={setCode}
        />
        {error !== null && <ErrorBox error={error} />}
        <Button type="submit" variant="primary" disabled={busy}>
          {text.login.factorSubmit}
        </Button>
        <Button variant="quiet" onClick={onBack}>
          {text.login.back}
        </Button>
      </form>
    </Gate>
  );
}

/** Runs the work of a form, and keeps what went wrong. */
export function useSubmit(work: () => Promise<unknown>) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      await work();
    } catch (failure) {
      setError(failure);
    } finally {
      setBusy(false);
    }
  };
  return { busy, error, submit };
}
