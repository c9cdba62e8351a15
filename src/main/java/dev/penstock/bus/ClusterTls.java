package dev.penstock.bus;

import dev.penstock.base.Visible;
import dev.penstock.config.BadSettings;
import dev.penstock.config.Settings;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.eventbus.EventBusOptions;
import io.vertx.core.http.ClientAuth;
import io.vertx.core.net.PemTrustOptions;
import io.vertx.core.net.PfxOptions;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a node shows the others, and asks of them: a certificate of the cluster's own authority.
 * Names in it mean nothing, for nodes come and go under any address; whoever the authority
 * certifies is a node. Read once, and tried before it is used.
 */
final class ClusterTls {
  private static final Logger LOG = LoggerFactory.getLogger(ClusterTls.class);
  private static final int MAX_FILE = 1 << 20;
  private static final Duration SOON = Duration.ofDays(30);

  private static final Pattern BLOCK =
      Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----([A-Za-z0-9+/=\\s]*)-----END \\1-----");
  private static final String CERTIFICATE = "CERTIFICATE";

  /** Of a store that never leaves memory. */
  private final char[] password = UUID.randomUUID().toString().toCharArray();

  private final KeyStore own;
  private final List<X509Certificate> authorities;
  private final X509TrustManager trust;

  private ClusterTls(List<X509Certificate> chain, PrivateKey key, List<X509Certificate> authorities)
      throws GeneralSecurityException, IOException {
    this.authorities = authorities;
    own = KeyStore.getInstance("PKCS12");
    own.load(null, password);
    own.setKeyEntry("node", key, password, chain.toArray(Certificate[]::new));
    trust = trusting(authorities);
  }

  /**
   * As the settings say; empty: without.
   *
   * @throws BadSettings when a file is not what it must be, saying which and why
   */
  static Optional<ClusterTls> read(Settings.Cluster settings) {
    return read(settings, Instant.now());
  }

  /** The same at a time. */
  static Optional<ClusterTls> read(Settings.Cluster settings, Instant now) {
    if (settings.certFile().isEmpty()
        || settings.keyFile().isEmpty()
        || settings.caFile().isEmpty()) {
      return Optional.empty();
    }
    File cert = new File("cluster.cert-file", settings.certFile().get());
    File key = new File("cluster.key-file", settings.keyFile().get());
    File authority = new File("cluster.ca-file", settings.caFile().get());
    List<X509Certificate> chain = cert.certificates();
    List<X509Certificate> authorities = authority.certificates();
    X509Certificate shown = chain.getFirst();
    inTime(cert, shown, now);
    authorities.forEach(each -> inTime(authority, each, now));
    PrivateKey secret = key.privateKey(shown);
    try {
      var tls = new ClusterTls(chain, secret, authorities);
      tls.mustBeTrusted(cert, chain);
      return Optional.of(tls);
    } catch (GeneralSecurityException | IOException e) {
      throw cert.bad("cannot be used: " + e.getMessage());
    }
  }

  /** Both for the event bus's server and for its clients. */
  void secure(EventBusOptions options) {
    try {
      var bytes = new ByteArrayOutputStream();
      own.store(bytes, password);
      var trusted = new PemTrustOptions();
      for (X509Certificate each : authorities) {
        trusted.addCertValue(Buffer.buffer(pem(each)));
      }
      options
          .setSsl(true)
          .setKeyCertOptions(
              new PfxOptions()
                  .setValue(Buffer.buffer(bytes.toByteArray()))
                  .setPassword(new String(password)))
          .setTrustOptions(trusted)
          .setClientAuth(ClientAuth.REQUIRED);
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalStateException("a store of keys in memory cannot be written", e);
    }
  }

  private static String pem(X509Certificate certificate) throws CertificateException {
    return "-----BEGIN CERTIFICATE-----\n"
        + Base64.getMimeEncoder().encodeToString(certificate.getEncoded())
        + "\n-----END CERTIFICATE-----\n";
  }

  /** The same, for who speaks TLS itself. */
  SSLContext context() {
    try {
      var keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
      keys.init(own, password);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(keys.getKeyManagers(), new TrustManager[] {trust}, null);
      return context;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("a certificate that was tried cannot be used", e);
    }
  }

  private static void inTime(File file, X509Certificate certificate, Instant now) {
    Instant from = certificate.getNotBefore().toInstant();
    Instant to = certificate.getNotAfter().toInstant();
    if (now.isAfter(to)) {
      throw file.bad("expired at " + to);
    } else if (now.isBefore(from)) {
      throw file.bad("does not hold before " + from);
    } else if (now.plus(SOON).isAfter(to)) {
      LOG.warn("{} expires at {}: nodes that start later need a newer one", file, to);
    }
  }

  /** The others would refuse it, each with half of the reason. */
  private void mustBeTrusted(File cert, List<X509Certificate> chain) {
    X509Certificate[] shown = chain.toArray(X509Certificate[]::new);
    try {
      trust.checkServerTrusted(shown, "UNKNOWN");
      trust.checkClientTrusted(shown, "UNKNOWN");
    } catch (CertificateException e) {
      throw cert.bad(
          "is not certified by the authority in cluster.ca-file for both sides of TLS: "
              + e.getMessage());
    }
  }

  private static X509TrustManager trusting(List<X509Certificate> authorities)
      throws GeneralSecurityException, IOException {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    for (X509Certificate each : authorities) {
      store.setCertificateEntry("authority-" + store.size(), each);
    }
    var factory = TrustManagerFactory.getInstance("PKIX");
    factory.init(store);
    for (TrustManager manager : factory.getTrustManagers()) {
      if (manager instanceof X509TrustManager found) {
        return found;
      }
    }
    throw new CertificateException("no trust manager of certificates");
  }

  /** A file in PEM, and the setting that names it. */
  private record File(String setting, Path path) {
    @Override
    public String toString() {
      return setting + " = " + Visible.text("" + path);
    }

    BadSettings bad(String why) {
      return new BadSettings(this + ": " + Visible.text(why));
    }

    private String text() {
      try (InputStream in = Files.newInputStream(path)) {
        return new String(in.readNBytes(MAX_FILE), StandardCharsets.ISO_8859_1);
      } catch (NoSuchFileException _) {
        throw bad("there is no such file");
      } catch (AccessDeniedException _) {
        throw bad("cannot be read: permission denied");
      } catch (IOException e) {
        throw bad("cannot be read: " + e.getMessage());
      }
    }

    private List<MatchResult> blocks() {
      return BLOCK.matcher(text()).results().toList();
    }

    private static byte[] bytes(MatchResult block) {
      return Base64.getMimeDecoder().decode(block.group(2));
    }

    List<X509Certificate> certificates() {
      List<X509Certificate> found = new ArrayList<>();
      try {
        var factory = CertificateFactory.getInstance("X.509");
        for (MatchResult block : blocks()) {
          if (block.group(1).equals(CERTIFICATE)
              && factory.generateCertificate(new ByteArrayInputStream(bytes(block)))
                  instanceof X509Certificate one) {
            found.add(one);
          }
        }
      } catch (CertificateException | IllegalArgumentException e) {
        throw bad("has a damaged certificate");
      }
      if (found.isEmpty()) {
        throw bad("has no certificate in PEM (-----BEGIN CERTIFICATE-----)");
      }
      return found;
    }

    PrivateKey privateKey(X509Certificate certificate) {
      MatchResult block =
          blocks().stream()
              .filter(each -> PemKey.LABELS.contains(each.group(1)))
              .findFirst()
              .orElseThrow(() ->
                  bad(
                      "has no private key in PEM without a passphrase (-----BEGIN PRIVATE"
                          + " KEY-----)"));
      try {
        PrivateKey key = PemKey.read(block.group(1), bytes(block), certificate.getPublicKey());
        if (!belongs(key, certificate)) {
          throw bad("is not the key of the certificate in cluster.cert-file");
        }
        return key;
      } catch (GeneralSecurityException | IllegalArgumentException e) {
        throw bad("is not the key of the certificate in cluster.cert-file, or damaged");
      }
    }

    private static boolean belongs(PrivateKey key, X509Certificate certificate)
        throws GeneralSecurityException {
      byte[] anything = {1, 2, 3};
      String algorithm =
          switch (key.getAlgorithm()) {
            case "RSA" -> "SHA256withRSA";
            case "EC" -> "SHA256withECDSA";
            case String other -> other;
          };
      Signature signs = Signature.getInstance(algorithm);
      signs.initSign(key);
      signs.update(anything);
      byte[] signature = signs.sign();
      Signature checks = Signature.getInstance(algorithm);
      checks.initVerify(certificate.getPublicKey());
      checks.update(anything);
      return checks.verify(signature);
    }
  }
}
