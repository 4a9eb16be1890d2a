// k6 for the benchmark: each virtual user subscribes, parses each message and keeps its latency.
import { Trend } from "k6/metrics";
import ws from "k6/ws";

const latency = new Trend("message_latency", true);

export default function () {
  ws.connect(`${__ENV.TARGET}/ws/bench`, null, (socket) => {
    socket.on("message", (text) => {
      const envelope = JSON.parse(text);
      if (envelope.type === "update") latency.add(Date.now() - envelope.ts);
    });
  });
}
