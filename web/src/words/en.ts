/** English: the dictionary whose keys every other language must have. */
export const en = {
  title: "Air warnings",
  skip: "Skip to the warnings",
  language: "Language",
  noscript: "This page needs JavaScript.",

  "stage.none": "No warning",
  "stage.stand_by": "Be ready",
  "stage.early": "Early warning",
  "stage.take_cover": "Take cover now",
  "stage.stay": "Stay in shelter",
  "stage.all_clear": "All clear",
  "stage.cancelled": "Cancelled: false alarm",

  "do.none": "",
  "do.stand_by": "Stay near shelter and keep this page open.",
  "do.early": "Go to a place near shelter. A warning may follow within minutes.",
  "do.take_cover": "Go to shelter at once. If there is none, lie down behind solid cover.",
  "do.stay": "Stay in shelter until you are told that it is over.",
  "do.all_clear": "The danger is over. You may leave the shelter.",
  "do.cancelled": "The warning was a mistake. There was no danger.",

  "threat.drone": "Attack drone",
  "threat.cruise": "Cruise missile",
  "threat.ballistic": "Ballistic missile",
  "level.none": "no level",
  "level.yellow": "yellow level",
  "level.red": "red level",

  "realm.live": "",
  "realm.exercise": "EXERCISE",
  "realm.test": "TEST",
  "realm.exercise.text": "This is an exercise, not a real warning.",
  "realm.test.text": "This is a technical test, not a real warning.",

  "mode.shadow": "Trial run: these are not official warnings",
  "mode.advise": "Advice to the duty officer: these are not official warnings",
  "mode.confirm": "A person confirms each warning",
  "mode.automatic": "Warnings are released automatically",

  "status.as_of": "As of {time}",
  "status.age": "{age} ago",
  "status.live": "Live",
  "status.polling": "Reconnecting, asking every 5 s",
  "status.broken": "No connection",
  "status.verified": "Signature verified",
  "status.unable": "Signature cannot be checked here",

  "unknown.title": "We do not know",
  "unknown.since": "No data since {time} ({age} ago).",
  "unknown.never": "No data yet.",
  "unknown.loading": "Asking for the present state …",
  "unknown.stale": "New data do not arrive.",
  "unknown.broken": "There is no connection to the warning service.",
  "unknown.clock": "The clock of this device seems to be wrong.",
  "unknown.advice":
    "This does not mean that you are safe. What you see is the last known state. If you were told to take cover, stay there. Heed sirens and radio.",
  "unknown.last": "Last known",

  "refused.title": "A message was refused",
  "refused.format": "It was unreadable.",
  "refused.algorithm": "It was not signed as agreed.",
  "refused.key": "It was signed with an unknown key.",
  "refused.signature": "Its signature is forged or damaged.",
  "refused.realm": "It belongs to another realm.",
  "refused.older": "It is older than what we already have.",
  "refused.contents": "This page does not understand it. Load the page again.",

  "list.title": "Warnings now",
  "list.none": "No warning now",
  "list.none.text": "No watched zone is under warning. This page shows at once when that changes.",
  "list.more": "Show all {count}",
  "list.count": "zones: {count}",
  "list.show": "Show {name} on the map",
  "list.since": "since {time}",

  "arrival.title": "Expected",
  "arrival.in": "in {time}",
  "arrival.now": "now",
  "arrival.late": "Less time than you need to reach shelter: take the nearest cover.",
  "shelter.title": "Time to shelter",

  "time.s": "{s} s",
  "time.min_s": "{m} min {s} s",
  "time.min": "{m} min",
  "time.h_min": "{h} h {m} min",

  "blind.title": "Not watched now",
  "blind.text":
    "No sensor watches these areas for these threats. No warning there does not mean safe.",
  "blind.tag": "Not watched",
  "blind.all": "all threats",

  "place.title": "Your place",
  "place.find": "Find your town or district",
  "place.remove": "Remove",
  "place.none": "No warning for this zone",
  "place.unseen": "Not watched for: {threats}. No warning here does not mean safe.",

  "map.title": "Map of the warning zones",
  "map.missing": "The map cannot be drawn on this device. The list is complete.",
  "map.legend": "Legend",
} as const;

export type Dictionary = Readonly<Record<keyof typeof en, string>>;
