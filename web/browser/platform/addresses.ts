// What run.sh started, as its environment names it.

const needed = (name: string): string => {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: run the journeys with \`make browser\``);
  return value;
};

export const API = `http://${needed('FOOTFALL__API__BIND')}`;
export const COLLECTOR = `http://${needed('FOOTFALL__COLLECTOR__BIND')}`;
/** The folder of this run: logs, process ids, secrets, results. */
export const WORK = needed('FOOTFALL_TEST_WORK');
export const PROGRAM = needed('FOOTFALL_TEST_PROGRAM');
