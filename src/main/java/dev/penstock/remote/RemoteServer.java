package dev.penstock.remote;

import dev.penstock.base.TimedHttp;
import dev.penstock.base.Visible;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Locale;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;

/**
 * A server's worker routes over HTTP or HTTPS. Connections go out only, are kept and used again.
 * Every call has a limit. Safe for many threads.
 */
public final class RemoteServer implements AutoCloseable {
  /** More than any reply to a poll has: 32 MiB of inputs, and what stands around them. */
  private static final long MAX_REPLY = 128L << 20;

  /** How the JDK says it, of an answer that is none of TLS. */
  private static final String NO_TLS = "unrecognized ssl message";

  private final URI server;
  private final String key;
  private final TimedHttp http;

  /**
   * @param server without a slash at its end
   * @param authorities a PEM file with further certificates to trust; null: the JDK's alone
   * @throws IOException when the file cannot be read or has no certificate
   */
  public RemoteServer(URI server, String key, @Nullable Path authorities) throws IOException {
    this.server = server;
    this.key = key;
    HttpClient.Builder builder = HttpClient.newBuilder();
    if (!"https".equals(String.valueOf(server.getScheme()).toLowerCase(Locale.ROOT))) {
      builder.version(HttpClient.Version.HTTP_1_1); // no offers to change over
    }
    if (authorities != null) {
      builder.sslContext(trusting(authorities));
    }
    http = new TimedHttp(builder);
  }

  private static SSLContext trusting(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
      store.load(null, null);
      int number = 0;
      for (Certificate each : CertificateFactory.getInstance("X.509").generateCertificates(in)) {
        store.setCertificateEntry("given-" + number++, each);
      }
      if (number == 0) {
        throw new IOException("there is no certificate in it");
      }
      for (TrustManager manager : managers(null)) {
        if (manager instanceof X509TrustManager usual) {
          for (X509Certificate each : usual.getAcceptedIssuers()) {
            store.setCertificateEntry("usual-" + number++, each);
          }
        }
      }
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, managers(store), null);
      return context;
    } catch (GeneralSecurityException e) {
      throw new IOException("it is no file of certificates in PEM", e);
    }
  }

  private static TrustManager[] managers(@Nullable KeyStore store) throws GeneralSecurityException {
    var factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    factory.init(store);
    return factory.getTrustManagers();
  }

  /**
   * An answer.
   *
   * @param retryAfter how long the server wants to be left alone; zero: it says nothing
   */
  record Reply(int status, byte[] body, Duration retryAfter) {}

  /** The server could not show that it is the one that is meant. */
  static final class NotTrusted extends IOException {
    private static final long serialVersionUID = 1;

    NotTrusted(String what, Exception why) {
      super(what, why);
    }
  }

  /**
   * Posts JSON and waits for the whole answer, at most so long.
   *
   * @throws NotTrusted when its certificate is not one to trust
   * @throws IOException when there is none
   */
  Reply post(String path, byte[] json, Duration limit) throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(server + path))
            .header("Authorization", "Bearer " + key)
            .header("Content-Type", "application/json")
            .header("User-Agent", "penstock-worker")
            .POST(BodyPublishers.ofByteArray(json))
            .build();
    try {
      HttpResponse<byte[]> response =
          http.send(request, BodyHandlers.limiting(BodyHandlers.ofByteArray(), MAX_REPLY), limit);
      return new Reply(
          response.statusCode(),
          response.body(),
          TimedHttp.retryAfter(response).orElse(Duration.ZERO));
    } catch (IOException e) {
      for (Throwable each = e; each != null; each = each.getCause()) {
        if (each instanceof CertificateException why) {
          throw new NotTrusted(
              "its certificate is not trusted: "
                  + why.getMessage()
                  + "; --ca-file adds the authority it is from",
              why);
        }
        if (each instanceof SSLException why
            && String.valueOf(why.getMessage()).toLowerCase(Locale.ROOT).contains(NO_TLS)) {
          throw new NotTrusted("it does not speak TLS: is it http:// there?", why);
        }
      }
      throw e;
    }
  }

  @Override
  public String toString() {
    return Visible.text(server.toString());
  }

  @Override
  public void close() {
    http.close();
  }
}
