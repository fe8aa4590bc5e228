// Says that the server does not answer, and why, as long as it is so.
import { useStore } from "../../state/store.ts";
import type { ServerSocket } from "../../transport/server.ts";
import type { LabLanguage } from "../language.ts";

interface Props {
  socket: ServerSocket;
  language: LabLanguage;
}

export function NotConnected({ socket, language: { lab } }: Props) {
  const state = useStore(socket.state);
  const refusal = useStore(socket.refusal);
  if (state !== "lost") return null;
  return (
    <p class="inginious-notice" role="status">
      <span>
        <strong>{lab.notConnected}</strong> {refusal || lab.notConnectedHelp}
      </span>
    </p>
  );
}
