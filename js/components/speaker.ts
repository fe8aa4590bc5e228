// Whether a view is the one in its page that says something to a screen reader.
import { useEffect, useState } from "preact/hooks";
import { joinSpeakers } from "../state/speakers.ts";

export function useSpeaker(topic: string): boolean {
  const [speaks, setSpeaks] = useState(false);
  useEffect(() => joinSpeakers(topic, setSpeaks), [topic]);
  return speaks;
}
