// Every word of the interface, in English. The other catalogues have the same shape.

export const en = {
  // task
  task: "The task",
  by: (author: string) => `by ${author}`,
  deadline: (when: string) => `Due ${when}`,
  closed: "Closed: submissions are no longer accepted for a grade",
  attempts: (n: number) => (n === 1 ? "1 attempt" : `${n} attempts`),
  noAttempts: "Not submitted yet",
  best: (grade: string) => `Best ${grade}`,
  last: (grade: string) => `Last ${grade}`,
  optional: "optional",
  problem: (number: number) => `Question ${number}`,

  // answers
  answeredBy: "Answered by",
  goToCell: "Go to cell",
  changed: "Changed since the last submission",
  chooseCell: "Cell that answers this question",
  ownEditor: "No cell: write it here",
  editor: "Your answer",
  cellLabel: (number: number, line: string) => `Cell ${number}: ${line}`,
  emptyCell: "(empty)",
  chooseSeveral: "Choose all that apply",
  chooseOne: "Choose one",
  dropFile: "Drop a file here, or",
  chooseFile: "Choose a file",
  replaceFile: "Choose another file",
  kernelPath: "or a path on the kernel’s disk",
  usePath: "Use this path",
  fileRules: (exts: string, size: string) => `${exts} · at most ${size}`,
  fileTooLarge: (name: string, size: string, limit: string) =>
    `${name} has ${size}; at most ${limit} is accepted.`,
  fileWrongType: (name: string, exts: string) =>
    `${name} is not accepted here; its name must end with ${exts}.`,

  // submitting
  submit: "Submit",
  submitAgain: "Submit again",
  submitting: "Submitting…",
  kill: "Stop",
  killing: "Stop requested",
  willBeSent: "What will be sent",
  nothing: "nothing yet",
  missing: (names: string) => `Still missing: ${names}`,
  readAt: (when: string) => `read ${when}`,
  now: "now",
  fromWidget: "entered here",
  busyKernel: "The kernel is busy: what you press is carried out when the running cell ends.",
  noNotebook:
    "This application does not let the widget read your cells: cells you ran with %%inginious answer, or the saved notebook, are used.",

  // status
  phases: {
    reading: "Reading the notebook",
    refused: "Not sent",
    saved: "Saved",
    sent: "Sent",
    queued: "Queued",
    running: "Running",
    done: "Done",
  },
  atMostBefore: (n: number) =>
    n === 0 ? "next in line" : n === 1 ? "at most 1 before you" : `at most ${n} before you`,
  elapsedOf: (time: string, limit: string) => `${time} of at most ${limit}`,
  sentAgain: (n: number) =>
    n === 2 ? "Sent again: the service had lost it" : `Sent ${n} times: the service had lost it`,
  stopped: "Stop requested, waiting for the service to confirm",
  submissionNumber: (n: number) => `Submission ${n}`,

  // result
  result: "Result",
  previousResult: "Result of the previous submission",
  results: {
    success: "Success",
    failed: "Failed",
    killed: "Stopped",
    crash: "Grader crashed",
    overflow: "Out of memory",
    timeout: "Out of time",
    error: "Grader error",
  } as Record<string, string>,
  resultHelp: {
    killed: "The submission was stopped before it was graded.",
    crash: "The grader failed, not your answer. Submit again, or tell your instructor.",
    overflow: "Your answer used more memory than the task allows.",
    timeout: "Your answer took more time than the task allows.",
    error: "The grader ended without saying whether the answer is right. Tell your instructor.",
  } as Record<string, string>,
  grade: "Grade",
  feedback: "Feedback",
  tests: "Tests",
  test: "Test",
  outcome: "Outcome",
  passed: "passed",
  notPassed: "not passed",
  testsPassed: (passed: number, all: number) => `${passed} of ${all} passed`,
  showAllTests: (n: number) => `Show all ${n} tests`,
  tags: "Tags",
  custom: "More values",
  downloadArchive: (size: string) => `Download the archive (${size})`,
  stdout: "Standard output of the grader",
  stderr: "Standard error of the grader",
  cut: (size: string) => `This is only the beginning of ${size}.`,
  downloadAll: "Download all of it",
  showMore: "Show all",
  showLess: "Show less",
  ssh: "Debug shell",
  sshReveal: "Show how to connect",
  copy: "Copy",
  copied: "Copied",

  // history
  history: "History",
  open: "Open",
  closeAttempt: "Close",
  resubmit: "Submit this attempt again",
  restore: "Restore this answer",
  restoreAsk: (label: string) => `Replace the text of ${label} by the answer of this attempt?`,
  restoreYes: "Replace",
  cancel: "Cancel",
  differences: "Answer then and now",
  sameAnswer: "The answer was the same as now.",
  before: "then",
  chart: (n: number) => `Grades of ${n} attempts, oldest first`,
  noResult: "no result",

  // service
  where: "Where it runs",
  service: {
    idle: "not started",
    starting: "starting",
    connecting: "connecting",
    connected: "connected",
    silent: "no answer",
    failed: "not available",
    closed: "closed",
  } as Record<string, string>,
  serviceKind: {
    embedded: "Grading service of this kernel",
    remote: "Remote grading service",
  } as Record<string, string>,
  address: "Address",
  sandbox: "Sandbox",
  isolated: "Isolated",
  notIsolated: "Not isolated",

  // asleep
  asleep: "Asleep: the kernel was restarted.",
  wake: "Run %load_ext inginious_nb to wake this widget; what you see is the last state it knew.",
};

export type Catalogue = typeof en;
