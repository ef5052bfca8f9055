import { useState } from 'react';
import { asProblem } from '../../api/problem';
import { useSubmit } from '../../hooks/use-submit';
import { CODE_PATTERN, plainCode } from '../../session/code';
import { type Account, type Enrolment, session } from '../../session/session';
import { Gate } from '../../shell/page';
import { text } from '../../text/en';
import { Button, Check, controls, Secret, TextInput } from '../../ui/controls';
import { ErrorBox } from '../../ui/states';

interface CodeFormProps {
  hint: string;
  action: string;
  work: (code: string) => Promise<void>;
}

/** Asks for a code. */
export function CodeForm({ hint, action, work }: CodeFormProps) {
  const [code, setCode] = useState('');
  const { busy, error, submit } = useSubmit(() => work(plainCode(code)));
  const wrong = error !== null && asProblem(error).code === 'credential_invalid';
  return (
    <form className={controls.stack} onSubmit={submit}>
      <TextInput
        label={text.factor.code}
        hint={hint}
        autoComplete="one-time-code"
        autoCapitalize="none"
        spellCheck={false}
        pattern={CODE_PATTERN}
        required
        autoFocus
        value={code}
        onChange={setCode}
        error={wrong ? text.factor.wrong : undefined}
      />
      {error !== null && !wrong && <ErrorBox error={error} />}
      <Button type="submit" variant="primary" disabled={busy}>
        {action}
      </Button>
    </form>
  );
}

/** Makes a second factor; a login with a code of it confirms it. */
export function SetUpFactor({
  account,
  login,
}: {
  account: Account;
  login: (code: string) => Promise<void>;
}) {
  const [made, setMade] = useState<Enrolment | null>(null);
  const { busy, error, submit } = useSubmit(async () => setMade(await session.enrol(account)));
  if (!made) {
    return (
      <form className={controls.stack} onSubmit={submit}>
        {error !== null && <ErrorBox error={error} />}
        <Button type="submit" variant="primary" disabled={busy}>
          {text.factor.setUp}
        </Button>
      </form>
    );
  }
  return (
    <div className={controls.stack}>
      <p>{text.factor.add}</p>
      <Secret label={text.factor.secret} value={made.secret} />
      <a href={made.uri}>{text.factor.onThisDevice}</a>
      <CodeForm hint={text.factor.firstHint} action={text.factor.confirm} work={login} />
    </div>
  );
}

/** Shows the recovery codes, once. */
export function RecoveryCodes({ codes, onStored }: { codes: readonly string[]; onStored: () => void }) {
  const [stored, setStored] = useState(false);
  return (
    <Gate title={text.factor.recoveryTitle}>
      <p>{text.factor.recoveryIntro}</p>
      <Secret label={text.factor.recovery} value={codes.join('\n')} />
      <Check checked={stored} onChange={setStored}>
        {text.factor.stored}
      </Check>
      <Button variant="primary" disabled={!stored} onClick={onStored}>
        {text.factor.continue}
      </Button>
    </Gate>
  );
}
