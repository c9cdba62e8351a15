package dev.penstock.pieces;

import dev.penstock.bus.Bus;
import dev.penstock.bus.Event;

/** How a hub reaches the other nodes' hubs. */
interface Post {
  String node();

  /** False: there are no others, or they cannot be reached. */
  boolean clustered();

  void tell(String other, Event event);

  void tellAll(Event event);

  static Post over(Bus bus) {
    return new Post() {
      @Override
      public String node() {
        return bus.node();
      }

      @Override
      public boolean clustered() {
        return bus.clustered();
      }

      @Override
      public void tell(String other, Event event) {
        bus.tell(other, event);
      }

      @Override
      public void tellAll(Event event) {
        bus.tellAll(event);
      }
    };
  }
}
