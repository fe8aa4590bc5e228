// Whether a view is the one in its page that says something to a screen reader.
import { useEffect, useState } from "preact/hooks";
import { joinAnnouncers } from "../state/announcers.ts";

export function useAnnouncer(topic: string): boolean {
  const [speaks, setSpeaks] = useState(false);
  useEffect(() => joinAnnouncers(topic, setSpeaks), [topic]);
  return speaks;
}
