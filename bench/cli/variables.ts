// The environment variables that dyno reads; help and docs/commands.md show this table.

export const VARIABLES: Readonly<Record<string, string>> = {
  DYNO_STATE_DIR:
    'Folder for the register of running servers and the prepared Python environment. Default: .dyno beside the ' +
    'nearest model_repository, else of the working directory; the environment lies in .dyno of the checkout, or, ' +
    'where dyno is an installed package, in $XDG_CACHE_HOME/dyno (~/.cache/dyno).',
  DYNO_EVENT_LOOP:
    'What load threads wait with: auto, io_uring, epoll or node. auto takes the leanest that the machine has; a name that ' +
    'it does not have is an error, not another loop. TLS always takes node. dyno doctor says what it is.',
  DYNO_PYTHON: 'The Python interpreter that the environment is made from. Default: the best of 3.10 to 3.12 on PATH.',
}
