import { useQueryErrorResetBoundary } from '@tanstack/react-query';
import { Component, type ReactNode } from 'react';
import { text } from '../text/en';
import { Button } from '../ui/controls';
import { Empty, ErrorBox } from '../ui/states';

interface BoundaryProps {
  /** Another value clears the error: the user went elsewhere. */
  place: string;
  onRetry: () => void;
  children: ReactNode;
}

class Boundary extends Component<BoundaryProps, { error: unknown }> {
  override state: { error: unknown } = { error: null };

  static getDerivedStateFromError(error: unknown) {
    return { error };
  }

  override componentDidUpdate(before: BoundaryProps) {
    if (before.place !== this.props.place && this.state.error) this.setState({ error: null });
  }

  override render() {
    const { error } = this.state;
    if (!error) return this.props.children;
    if (error instanceof TypeError && /import|module/i.test(error.message)) {
      return (
        <Empty title={text.problems.chunk}>
          <Button onClick={() => location.reload()}>{text.problems.reload}</Button>
        </Empty>
      );
    }
    return (
      <ErrorBox
        error={error}
        retry={() => {
          this.props.onRetry();
          this.setState({ error: null });
        }}
      />
    );
  }
}

/** Shows what went wrong in a screen, and leaves the rest of the console usable. */
export function ErrorBoundary({ place, children }: { place: string; children: ReactNode }) {
  const { reset } = useQueryErrorResetBoundary();
  return (
    <Boundary place={place} onRetry={reset}>
      {children}
    </Boundary>
  );
}
