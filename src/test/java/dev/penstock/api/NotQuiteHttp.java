package dev.penstock.api;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.penstock.api.BadInputTable.Row;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Bytes that are almost a request, and what each is told. */
final class NotQuiteHttp {
  private static final Map<Integer, String> CODES =
      Map.of(
          400, "bad_request",
          404, "not_found",
          405, "method_not_allowed",
          408, "request_timeout",
          413, "request_too_large",
          414, "uri_too_long",
          431, "headers_too_large");

  private static final String GET = "GET /health HTTP/1.1\r\n";
  private static final String HOST = "Host: a\r\n";

  private final String key;
  private final List<Row> rows = new ArrayList<>();

  NotQuiteHttp(String key) {
    this.key = key;
    lines();
    hosts();
    headers();
    lengths();
    encodings();
    chunks();
  }

  List<Row> rows() {
    return List.copyOf(rows);
  }

  private void row(int status, String what, String request) {
    rows.add(
        new Row(
            what + ": " + shown(request),
            request.getBytes(ISO_8859_1),
            status,
            CODES.get(status),
            null));
  }

  private static String shown(String request) {
    String cut = request.length() > 200 ? request.substring(0, 200) + "…" : request;
    return cut.replace("\r", "\\r").replace("\n", "\\n").replace("\0", "\\0");
  }

  private void lines() {
    for (String line :
        List.of(
            "GET",
            "GET ",
            "GET /health",
            "GET /health ",
            "GET /health HTTP",
            "GET /health HTTP/",
            "GET /health HTTP/1",
            "GET /health HTTP/1.",
            "GET /health HTTP/.1",
            "GET /health HTTP/1,1",
            "GET /health HTTP/1.1.1",
            "GET /health HTTP/a.b",
            "GET /health HTTP/-1.1",
            "GET /health HTTP/1.1 x",
            "GET /health x HTTP/1.1",
            "GET /he alth HTTP/1.1",
            "GET /health HTTP /1.1",
            "GET /health FTP/1.1",
            "GET /health 1.1",
            "GET /health HTTP/1.1/",
            "GET /health HTTP/\u00b9.1",
            "/health HTTP/1.1",
            "G\0ET /health HTTP/1.1",
            "GET\0 /health HTTP/1.1",
            "G(T /health HTTP/1.1",
            "G,T /health HTTP/1.1",
            "G/T /health HTTP/1.1",
            "G:T /health HTTP/1.1",
            "G=T /health HTTP/1.1",
            "G@T /health HTTP/1.1",
            "G[T /health HTTP/1.1",
            "GET /he\u0000lth HTTP/1.1",
            "GET /he\u007flth HTTP/1.1",
            "{GET} /health HTTP/1.1",
            "\"GET\" /health HTTP/1.1",
            "G\u00c9T /health HTTP/1.1",
            "G\u007fT /health HTTP/1.1",
            "HTTP/1.1 200 OK",
            "SSH-2.0-OpenSSH_9.9",
            "hello there",
            "{\"input\":\"water\"}")) {
      row(400, "a line that is none", line + "\r\n" + HOST + "\r\n");
    }
    for (String version :
        List.of(
            "HTTP/0.9", "HTTP/1.2", "HTTP/2.0", "HTTP/3.0", "HTTP/9.9", "HTTP/11.1", "HTTP/1.10")) {
      row(400, "another version", "GET /health " + version + "\r\n" + HOST + "\r\n");
    }
    row(400, "HTTP/2 without a word", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    for (String target :
        List.of(
            "health",
            "*",
            "?a=b",
            "#a",
            "%",
            "/health%",
            "/health%zz",
            "/%00",
            "/%ff%fe",
            "/health\\",
            "/health/../../etc/passwd",
            "/\u00e9",
            "a:80",
            "mailto:a")) {
      row(404, "a target that is none", "GET " + target + " HTTP/1.1\r\n" + HOST + "\r\n");
    }
    for (String method :
        List.of(
            "get",
            "Get",
            "PUT",
            "PATCH",
            "TRACE",
            "TRACK",
            "PROPFIND",
            "BREW",
            "_",
            "G'T",
            "x".repeat(1_000))) {
      row(405, "another method", method + " /health HTTP/1.1\r\n" + HOST + "\r\n");
    }
    row(404, "a tunnel", "CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n");
    row(414, "an endless line", "GET /" + "a".repeat(9_000) + " HTTP/1.1\r\n" + HOST + "\r\n");
    row(414, "an endless method", "G".repeat(9_000) + " / HTTP/1.1\r\n" + HOST + "\r\n");
  }

  private void hosts() {
    row(400, "no host", GET + "\r\n");
    row(400, "no host, in other words", "GET http://a/health HTTP/1.1\r\n\r\n");
    for (String hosts :
        List.of(
            "Host: a\r\nHost: b",
            "Host: a\r\nHost: a",
            "Host: a\r\nhost: a",
            "Host: a\r\nX: y\r\nHOST:b",
            "Host:",
            "Host:  ",
            "Host: a b",
            "Host: a, a",
            "Host: a/b",
            "Host: a?b",
            "Host: a#b",
            "Host: a@b",
            "Host: a:b@c",
            "Host: http://a",
            "Host: a:x",
            "Host: a:-1",
            "Host: a:+1",
            "Host: a:65536",
            "Host: a:99999999999",
            "Host: a:80:80",
            "Host: :80",
            "Host: ::1",
            "Host: [::1",
            "Host: ::1]",
            "Host: []",
            "Host: [g::1]",
            "Host: [::1]a",
            "Host: [::1]:x",
            "Host: <a>",
            "Host: \"a\"",
            "Host: a\\b",
            "Host: a|b",
            "Host: {a}",
            "Host: a`b",
            "Host: \u00e9",
            "Host: a\tb",
            "Host: a\0",
            "Host: a\u007f",
            "Host: " + "a".repeat(256))) {
      row(400, "a host that is none", GET + hosts + "\r\n\r\n");
    }
    row(400, "two hosts before HTTP/1.1", "GET /health HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n");
  }

  private void headers() {
    for (String header :
        List.of(
            "X",
            ":",
            ": a",
            " X: a",
            "\tX: a",
            "X : a",
            "X\t: a",
            "X y: a",
            "X\0: a",
            "X\u0001y: a",
            "X\u007f: a",
            "X\u00e9: a",
            "X(y): a",
            "X,y: a",
            "X/y: a",
            "X;y: a",
            "X=y: a",
            "X@y: a",
            "X[y]: a",
            "\"X\": a",
            "X: a\0b",
            "X: a\u0001b",
            "X: a\u000bb",
            "X: a\rb",
            "X: a\u007fb")) {
      row(400, "a header that is none", GET + HOST + header + "\r\n\r\n");
      row(400, "a header that is none, first", GET + header + "\r\n" + HOST + "\r\n");
    }
    row(431, "a long header", GET + HOST + "X: " + "a".repeat(17_000) + "\r\n\r\n");
    row(431, "a long name", GET + HOST + "X".repeat(17_000) + ": a\r\n\r\n");
    row(431, "many headers", GET + HOST + "X: a\r\n".repeat(5_000) + "\r\n");
  }

  private void lengths() {
    for (String length :
        List.of(
            "Content-Length: x",
            "Content-Length: -1",
            "Content-Length: +2",
            "Content-Length: 0x2",
            "Content-Length: 2.0",
            "Content-Length: 2e0",
            "Content-Length: 2 2",
            "Content-Length: 2;",
            "Content-Length: 2,3",
            "Content-Length: 2, 3",
            "Content-Length: ,2",
            "Content-Length:",
            "Content-Length: \"2\"",
            "Content-Length: \u00b2",
            "Content-Length: 99999999999999999999",
            "Content-Length: 2\r\nContent-Length: 3",
            "Content-Length: 3\r\ncontent-length: 2",
            "Content-Length: 2\r\nContent-Length: x",
            "Content-Length : 2",
            "Content-Length: 2\r\n 3",
            "Content-Length: 2\0")) {
      row(400, "a length that is none", head(length) + "{}");
    }
    row(413, "an endless length", head("Content-Length: 9223372036854775807") + "{}");
    row(408, "less than was said", head("Content-Length: 3") + "{}");
  }

  private void encodings() {
    for (String encoding :
        List.of(
            "chunked, chunked",
            "chunked,",
            ",chunked",
            "chunked;",
            "chunked;a=b",
            "\"chunked\"",
            "chunke",
            "chunkedd",
            "chunked gzip",
            "gzip",
            "gzip, chunked",
            "chunked, gzip",
            "identity",
            "identity, chunked",
            "deflate",
            "xchunked",
            "\u00e7hunked",
            "chunked\r\nTransfer-Encoding: chunked",
            "chunked\r\nTransfer-Encoding: identity",
            "identity\r\nTransfer-Encoding: chunked",
            "chunked\r\nContent-Length: 2",
            "chunked\r\nContent-Length: 0",
            "\r\nTransfer-Encoding: chunked",
            "")) {
      row(400, "an encoding that is none", head("Transfer-Encoding: " + encoding) + body("{}"));
    }
    row(
        400,
        "a length, and chunks",
        head("Content-Length: 2\r\nTransfer-Encoding: chunked") + body("{}"));
    row(
        400,
        "an encoding that is none, without a body",
        GET + HOST + "Transfer-Encoding: gzip\r\n\r\n");
    row(400, "a name with a space", head("Transfer-Encoding : chunked") + body("{}"));
    row(
        400,
        "chunks before HTTP/1.1",
        head("Transfer-Encoding: chunked").replace("HTTP/1.1", "HTTP/1.0") + body("{}"));
  }

  private void chunks() {
    for (String chunks :
        List.of(
            "zz\r\n{}\r\n0\r\n\r\n",
            "g\r\n{}\r\n0\r\n\r\n",
            "-2\r\n{}\r\n0\r\n\r\n",
            "+2\r\n{}\r\n0\r\n\r\n",
            "0x2\r\n{}\r\n0\r\n\r\n",
            "2h\r\n{}\r\n0\r\n\r\n",
            "2.\r\n{}\r\n0\r\n\r\n",
            "2,\r\n{}\r\n0\r\n\r\n",
            "2 2\r\n{}\r\n0\r\n\r\n",
            "\u00b2\r\n{}\r\n0\r\n\r\n",
            "\r\n{}\r\n0\r\n\r\n",
            ";a\r\n{}\r\n0\r\n\r\n",
            "{}\r\n0\r\n\r\n",
            "80000000\r\n{}\r\n0\r\n\r\n",
            "ffffffff\r\n{}\r\n0\r\n\r\n",
            "100000000\r\n{}\r\n0\r\n\r\n",
            "ffffffffffffffff\r\n{}\r\n0\r\n\r\n",
            "10000000000000000\r\n{}\r\n0\r\n\r\n",
            "2\r\n{}x\r\n0\r\n\r\n",
            "2\r\n{}0\r\n\r\n",
            "2\r\n{}\rx0\r\n\r\n",
            "2;" + "a".repeat(17_000) + "\r\n{}\r\n0\r\n\r\n",
            "2;a\0\r\n{}\r\n0\r\n\r\n",
            "2;a\rb\r\n{}\r\n0\r\n\r\n",
            "2\r\n{}\r\n0\r\nX\r\n\r\n",
            "2\r\n{}\r\n0\r\n: a\r\n\r\n",
            "2\r\n{}\r\n0\r\nX y: a\r\n\r\n",
            "2\r\n{}\r\n0\r\nX: a\0\r\n\r\n",
            "2\r\n{}\r\n0\r\nX: " + "a".repeat(17_000) + "\r\n\r\n")) {
      row(400, "a chunk that is none", head("Transfer-Encoding: chunked") + chunks);
    }
    for (String cut :
        List.of("", "2", "2\r\n", "2\r\n{", "2\r\n{}", "2\r\n{}\r\n", "2\r\n{}\r\n0\r\n")) {
      row(408, "chunks that do not go on", head("Transfer-Encoding: chunked") + cut);
    }
  }

  private String head(String header) {
    return "POST /v1/tasks HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer "
        + key
        + "\r\nContent-Type: application/json\r\n"
        + header
        + "\r\n\r\n";
  }

  private static String body(String text) {
    return Integer.toHexString(text.length()) + "\r\n" + text + "\r\n0\r\n\r\n";
  }
}
