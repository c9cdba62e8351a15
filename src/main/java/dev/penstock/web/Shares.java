package dev.penstock.web;

import dev.penstock.config.Settings;
import java.util.List;

/** Everything on this node of which each key has a share. */
public final class Shares {
  private static final int ALL = 100;
  private static final int MAX_STREAMS = 512;
  private static final int MAX_POLLS = 2_048;

  /** Of what is kept for keys that have little, so much one of them may have. */
  private static final int PARTS = 8;

  private final int percent;
  private final Share heldRequests;
  private final Share heldChats;
  private final Share eventStreams;
  private final Share workerPolls;
  private final Share bodies;
  private final Share addresses;
  private final Share connections;
  private final Share everywhere;
  private final Places places;
  private final Share searches;

  /**
   * @param bodies how many bytes of bodies there may be
   */
  public Shares(Settings settings, long bodies) {
    Settings.Shares each = settings.shares();
    percent = each.perKey();
    int held = settings.http().maxHeldRequests();
    heldRequests =
        share(
            "held_requests",
            "requests held open",
            held + " requests are being held already.",
            held,
            each.heldRequests());
    heldChats =
        share(
            "held_chats",
            "chats held open",
            held + " chats are being held already.",
            held,
            each.heldRequests());
    eventStreams =
        share(
            "event_streams",
            "event streams",
            "Event streams are open already: " + MAX_STREAMS + " of all.",
            MAX_STREAMS,
            each.eventStreams());
    workerPolls =
        share(
            "worker_polls",
            "lanes that workers wait on",
            MAX_POLLS + " lanes are being waited on already.",
            MAX_POLLS,
            each.workerPolls());
    var bytes = new Share.Kind("body_bytes", "bytes of bodies", "Too much is being sent at once.");
    this.bodies = new Share(bytes, bodies, open(bodies), open(bodies), bodies - open(bodies));
    int perAddress = settings.http().maxConnectionsPerAddress();
    addresses = unbounded("address_connections", "connections from this address", perAddress);
    connections = unbounded("connections", "connections from this address", open(perAddress));
    int all = Places.count(settings.http().maxConnections());
    places = new Places(all);
    everywhere =
        share(
            "connections_everywhere",
            "connections from all addresses",
            "There are " + all + " connections already.",
            all,
            0);
    searches = unbounded("searches", "searches", each.searches());
  }

  private Share share(String name, String unit, String full, int whole, int said) {
    long open = open(whole);
    long most = said == 0 ? open : Math.min(said, whole);
    return new Share(
        new Share.Kind(name, unit, full), whole, open, most, Math.max(1, (whole - open) / PARTS));
  }

  private static Share unbounded(String name, String unit, long most) {
    return new Share(
        new Share.Kind(name, unit, "There are no more " + unit + "."),
        Share.UNBOUNDED,
        Share.UNBOUNDED,
        most,
        Share.UNBOUNDED);
  }

  /** What is kept is rounded down: of a few things nothing is. */
  private long open(long whole) {
    return whole - whole / ALL * (ALL - percent) - whole % ALL * (ALL - percent) / ALL;
  }

  public Share heldRequests() {
    return heldRequests;
  }

  /** As many as of other requests: neither kind takes the places of the other. */
  public Share heldChats() {
    return heldChats;
  }

  Share eventStreams() {
    return eventStreams;
  }

  public Share workerPolls() {
    return workerPolls;
  }

  Share bodies() {
    return bodies;
  }

  /** Connections from an address, whoever asks. */
  Share addresses() {
    return addresses;
  }

  /** Of these, those that a key has. */
  Share connections() {
    return connections;
  }

  /** Connections that a key has, whatever addresses they come from. */
  Share everywhere() {
    return everywhere;
  }

  /** What connections have, before anybody knows whose they are. */
  Places places() {
    return places;
  }

  /** How many connections were closed because there were too many, over all addresses. */
  public long crowdedOut() {
    return places.crowdedOut();
  }

  /** Of an owner. */
  public Share searches() {
    return searches;
  }

  /**
   * All that keys and owners have; of addresses there are very many, and connections from all of
   * them are the same ones again.
   */
  public List<Share> all() {
    return List.of(
        heldRequests,
        heldChats,
        eventStreams,
        workerPolls,
        bodies,
        connections,
        addresses,
        searches);
  }
}
