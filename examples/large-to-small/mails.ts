const subjects = ['My invoice is wrong', 'I was charged twice', 'I want a refund', 'I forgot my password'];
const more = [
  'My account is locked',
  'The two-factor code fails',
  'The app has a crash',
  'The screen freezes',
];
const others = ['It shows an error message', 'Do you have a brochure?', 'Where is your office?'];
const endings = [
  'since Monday',
  'and I am annoyed',
  'again',
  'please help',
  'what now',
  'for a week',
  'on my phone',
];

/** Mails without labels. */
export const mails: readonly string[] = [...subjects, ...more, ...others].flatMap((subject) =>
  endings.map((ending) => `${subject}, ${ending}.`),
);
