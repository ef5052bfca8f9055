import { type FormEvent, useState } from 'react';
import { type Account, session } from '../../session/session';
import { text } from '../../text/en';
import { Button, controls, TextInput } from '../../ui/controls';
import { CodeForm, SetUpFactor } from './second-factor';

/** Sets up or removes the own second factor: the API asks for address and password again. */
export function OwnFactor({ tenant }: { tenant: string | undefined }) {
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const [entered, setEntered] = useState(false);
  const [removed, setRemoved] = useState(false);
  const account: Account = { email, password, ...(tenant === undefined ? {} : { tenant }) };
  const enter = (event: FormEvent) => {
    event.preventDefault();
    setRemoved(false);
    setEntered(true);
  };
  const leave = () => {
    setEntered(false);
    setPassword('');
  };
  const remove = async (code: string) => {
    await session.removeFactor(account, code);
    setRemoved(true);
    leave();
  };
  if (entered) {
    return (
      <div className={controls.stack}>
        <SetUpFactor
          account={account}
          login={async (code) => {
            await session.login(account, code);
            leave();
          }}
        />
        <details>
          <summary>{text.factor.remove}</summary>
          <CodeForm hint={text.factor.codeHint} action={text.factor.remove} work={remove} />
        </details>
        <Button variant="quiet" onClick={leave}>
          {text.cancel}
        </Button>
      </div>
    );
  }
  return (
    <form className={controls.stack} onSubmit={enter}>
      <p className="soft">{text.factor.intro}</p>
      <TextInput
        label={text.login.email}
        type="email"
        autoComplete="username"
        required
        value={email}
        onChange={setEmail}
      />
      <TextInput
        label={text.login.password}
        type="password"
        autoComplete="current-password"
        required
        value={password}
        onChange={setPassword}
      />
      {removed && <p role="status">{text.factor.removed}</p>}
      <Button type="submit">{text.factor.change}</Button>
    </form>
  );
}
