package dev.penstock.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.base.Backoff;
import dev.penstock.base.Digests;
import dev.penstock.base.Loopback;
import dev.penstock.base.TimedHttp;
import dev.penstock.base.Visible;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Fetches files from the network, over https alone: redirects are followed, what breaks off goes on
 * where it was, and a file counts once its size and its checksum are right.
 */
final class Fetch implements AutoCloseable {
  private static final Duration SILENCE = Duration.ofSeconds(60);
  private static final Duration FIRST_PAUSE = Duration.ofMillis(200);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(10);
  private static final int TRIES = 6;
  private static final int MOST_REDIRECTS = 10;
  private static final int MAX_LIST = 16 << 20;
  private static final int BUFFER = 1 << 17;
  private static final Pattern RANGE =
      Pattern.compile("bytes (\\d{1,18})-\\d{1,18}/(\\d{1,18}|\\*)");

  private static final int OK = 200;
  private static final int PART = 206;
  private static final int REDIRECT = 300;
  private static final int REFUSED = 400;
  private static final int NO_SUCH_RANGE = 416;
  private static final int TOO_MANY = 429;
  private static final int BROKEN = 500;

  private final TimedHttp http =
      new TimedHttp(HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1));
  private final Progress progress;
  private final Map<String, String> tokens;

  /** How far the file that is being fetched has ever come: who begins anew comes no further. */
  private long farthest;

  /** Told how far a file is. */
  interface Progress {
    /**
     * So much of it is there.
     *
     * @param all negative: nobody says
     */
    void at(String file, long done, long all);
  }

  /**
   * @param tokens for whose hosts they are, and no others
   */
  Fetch(Progress progress, Map<String, String> tokens) {
    this.progress = progress;
    this.tokens = Map.copyOf(tokens);
  }

  /** What broke, and may go on. */
  private static final class Broke extends Exception {
    private static final long serialVersionUID = 1L;

    Broke(String why) {
      super(why);
    }
  }

  /** Whether anything is fetched from there: what can be read on its way only from this machine. */
  static boolean allowed(URI uri) {
    String host = uri.getHost();
    return host != null
        && uri.getUserInfo() == null
        && ("https".equalsIgnoreCase(uri.getScheme())
            || ("http".equalsIgnoreCase(uri.getScheme()) && Loopback.is(host)));
  }

  /** A list, as JSON. */
  JsonNode json(URI uri) throws Failure, InterruptedException {
    return again(
        uri,
        () -> {
          HttpResponse<InputStream> response = open(uri, 0, null);
          try (InputStream in = response.body()) {
            return JsonLines.parse(in.readNBytes(MAX_LIST))
                .orElseThrow(() -> Failure.refused(uri.getHost() + " answered without JSON"));
          }
        });
  }

  /**
   * Fetches a file, or what is missing of it.
   *
   * @param into what is there of it already; whole afterwards
   * @return its SHA-256 in hex
   */
  String file(PullSource.Item item, Path into) throws Failure, InterruptedException {
    long there = length(into);
    long size = item.size();
    farthest = there;
    if (size < 0 || there < size) {
      size = again(item.from(), () -> part(item, into, item.size()));
    }
    long length = length(into);
    if (length != size) {
      throw wrong(into, item, "it has %d bytes, and should have %d".formatted(length, size));
    }
    String sum = sum(item, into);
    if (item.sha256() != null && !item.sha256().equals(sum)) {
      throw wrong(into, item, "its SHA-256 is " + sum + ", and should be " + item.sha256());
    }
    return sum;
  }

  private static Failure wrong(Path file, PullSource.Item item, String why) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      // The next try finds it, and says the same.
    }
    return new Failure(
        ExitCode.UNAVAILABLE, Visible.text(item.name() + " is not what it should be: " + why));
  }

  private static long length(Path file) throws Failure {
    try {
      return Files.exists(file) ? Files.size(file) : 0;
    } catch (IOException e) {
      throw unwritable(file, e);
    }
  }

  private static Failure unwritable(Path file, IOException e) {
    return new Failure(
        ExitCode.UNAVAILABLE, Visible.text(file + " cannot be written: " + e.getMessage()));
  }

  /** One try of something. */
  private interface Try<T> {
    T make() throws Broke, IOException, Failure, InterruptedException;
  }

  /** Tries until it works, or does not come any further. */
  private <T> T again(URI uri, Try<T> attempt) throws Failure, InterruptedException {
    var backoff = new Backoff(FIRST_PAUSE, LONGEST_PAUSE);
    long came = farthest;
    for (int tries = 1; ; tries++) {
      String why;
      try {
        return attempt.make();
      } catch (Broke e) {
        why = String.valueOf(e.getMessage());
      } catch (IOException e) {
        why = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
      }
      if (farthest > came) {
        came = farthest;
        tries = 0;
        backoff.reset();
      }
      if (tries >= TRIES) {
        throw new Failure(
            ExitCode.UNAVAILABLE,
            Visible.text(uri.getHost() + ": " + why + "; the same command goes on where it was"));
      }
      Thread.sleep(backoff.pause());
    }
  }

  /** Appends what comes; how long the file is to be. */
  private long part(PullSource.Item item, Path into, long known)
      throws Broke, IOException, Failure, InterruptedException {
    Path mark = into.resolveSibling(into.getFileName() + ".version");
    long there = length(into);
    String version = there > 0 && Files.exists(mark) ? Files.readString(mark) : null;
    HttpResponse<InputStream> response = open(item.from(), version == null ? 0 : there, version);
    try (InputStream in = response.body()) {
      long from = from(response);
      if (from != 0 && from != there) {
        throw new Broke("it sent another part than was asked for");
      }
      long rest = response.headers().firstValueAsLong("Content-Length").orElse(-1);
      long all = known >= 0 ? known : rest < 0 ? -1 : from + rest;
      room(item, into, all - from);
      Optional<String> newVersion = version(response);
      if (newVersion.isPresent()) {
        Files.writeString(mark, newVersion.get());
      } else {
        Files.deleteIfExists(mark);
      }
      long end = copy(item, in, into, from, all);
      return all < 0 ? end : all;
    }
  }

  private static long from(HttpResponse<?> response) {
    Matcher range = RANGE.matcher(response.headers().firstValue("Content-Range").orElse(""));
    return response.statusCode() == PART && range.matches() ? Long.parseLong(range.group(1)) : 0;
  }

  /** What says that two replies are of the same file. */
  private static Optional<String> version(HttpResponse<?> response) {
    return response
        .headers()
        .firstValue("ETag")
        .filter(tag -> tag.startsWith("\"")) // a weak one may stand for other bytes
        .or(() -> response.headers().firstValue("Last-Modified"));
  }

  private static void room(PullSource.Item item, Path into, long bytes)
      throws Failure, IOException {
    long free = Files.getFileStore(into.toAbsolutePath().getParent()).getUsableSpace();
    if (bytes > free) {
      throw new Failure(
          ExitCode.UNAVAILABLE,
          "%s needs %s more, and the disk has %s"
              .formatted(Visible.text(item.name()), Bytes.text(bytes), Bytes.text(free)));
    }
  }

  private long copy(PullSource.Item item, InputStream in, Path into, long from, long all)
      throws IOException, Broke, Failure {
    var heard = new AtomicLong(System.nanoTime());
    Thread watch = Thread.ofVirtual().start(() -> closeWhenSilent(in, heard));
    long done = from;
    try (OutputStream out = append(into, from)) {
      byte[] buffer = new byte[BUFFER];
      int count;
      while ((count = in.read(buffer)) >= 0) {
        heard.set(System.nanoTime());
        try {
          out.write(buffer, 0, count);
        } catch (IOException e) {
          throw unwritable(into, e);
        }
        done += count;
        farthest = Math.max(farthest, done);
        progress.at(item.name(), done, all);
        if (all >= 0 && done > all) {
          return done; // it is not what it should be, however long it is
        }
      }
    } finally {
      watch.interrupt();
    }
    if (all >= 0 && done < all) {
      throw new Broke("the connection broke");
    }
    return done;
  }

  private static OutputStream append(Path into, long from) throws IOException {
    return from == 0
        ? Files.newOutputStream(into)
        : Files.newOutputStream(into, StandardOpenOption.APPEND);
  }

  /** The client has no limit of its own for that. */
  private static void closeWhenSilent(InputStream in, AtomicLong heard) {
    try {
      while (System.nanoTime() - heard.get() < SILENCE.toNanos()) {
        Thread.sleep(Duration.ofSeconds(1));
      }
      in.close();
    } catch (InterruptedException | IOException e) {
      // It is over.
    }
  }

  private String sum(PullSource.Item item, Path file) throws Failure {
    MessageDigest digest = Digests.sha256();
    try (InputStream in = Files.newInputStream(file)) {
      long all = Files.size(file);
      long done = 0;
      byte[] buffer = new byte[BUFFER];
      int count;
      while ((count = in.read(buffer)) >= 0) {
        digest.update(buffer, 0, count);
        done += count;
        progress.at("checking " + item.name(), done, all);
      }
    } catch (IOException e) {
      throw Failure.refused(Visible.text(file + " cannot be read: " + e.getMessage()));
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  /**
   * Asks for a file from some place on; follows where that leads.
   *
   * @param version of what is there; null: all is wanted
   */
  private HttpResponse<InputStream> open(URI uri, long from, @Nullable String version)
      throws Broke, IOException, Failure, InterruptedException {
    URI at = uri;
    for (int redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
      HttpRequest.Builder request = HttpRequest.newBuilder(at).header("User-Agent", "penstock-cli");
      String token = tokens.get(at.getHost());
      if (token != null) {
        request.header("Authorization", "Bearer " + token);
      }
      if (from > 0 && version != null) {
        request.header("Range", "bytes=" + from + "-").header("If-Range", version);
      }
      HttpResponse<InputStream> response =
          http.send(request.build(), BodyHandlers.ofInputStream(), SILENCE);
      int status = response.statusCode();
      if (status == OK || status == PART) {
        return response;
      }
      response.body().close();
      if (status < REDIRECT || status >= REFUSED) {
        throw refused(at, status);
      }
      at = at.resolve(response.headers().firstValue("Location").orElse(""));
      if (!allowed(at)) {
        throw Failure.refused(uri.getHost() + " leads to a place that is not https");
      }
    }
    throw Failure.refused(uri.getHost() + " leads from one place to the next without end");
  }

  private static Broke refused(URI at, int status) throws Failure, Broke {
    String said = at.getHost() + " answered " + status;
    if (status == NO_SUCH_RANGE || status == TOO_MANY || status >= BROKEN) {
      throw new Broke(said);
    }
    throw Failure.refused(
        switch (status) {
          case 401, 403 ->
              said + ": the file needs a token (HF_TOKEN), or a licence to be accepted";
          case 404 -> said + ": there is no such model or file";
          default -> said;
        });
  }

  @Override
  public void close() {
    http.close();
  }
}
