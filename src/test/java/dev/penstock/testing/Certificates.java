package dev.penstock.testing;

import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/**
 * An authority of the test's own and a certificate of it for 127.0.0.1, made by openssl.
 *
 * @param authority the authority's certificate
 * @param certificate the server's
 * @param key the server's
 */
public record Certificates(Path authority, Path certificate, Path key) {

  /**
   * Another of the same authority, for both sides of TLS, unless it is told otherwise.
   *
   * @param more of openssl's arguments, such as {@code -days 0}
   */
  public Certificates another(String name, String... more) throws Exception {
    Path folder = authority.resolveSibling("");
    var made =
        new Certificates(authority, folder.resolve(name + ".pem"), folder.resolve(name + ".key"));
    var arguments =
        new ArrayList<>(
            List.of(
                "-keyout",
                made.key.toString(),
                "-out",
                made.certificate.toString(),
                "-subj",
                "/CN=" + name,
                "-CA",
                authority.toString(),
                "-CAkey",
                authority.resolveSibling("ca.key").toString()));
    arguments.addAll(List.of(more));
    openssl(folder, arguments);
    return made;
  }

  public static Certificates make(Path folder) throws Exception {
    var made =
        new Certificates(
            folder.resolve("ca.pem"), folder.resolve("server.pem"), folder.resolve("server.key"));
    String authorityKey = folder.resolve("ca.key").toString();
    openssl(
        folder,
        List.of("-keyout", authorityKey, "-out", made.authority.toString(), "-subj", "/CN=test"));
    openssl(
        folder,
        List.of(
            "-keyout",
            made.key.toString(),
            "-out",
            made.certificate.toString(),
            "-subj",
            "/CN=server",
            "-addext",
            "subjectAltName=IP:127.0.0.1",
            "-CA",
            made.authority.toString(),
            "-CAkey",
            authorityKey));
    return made;
  }

  /** What the server needs to show its certificate. */
  public SSLContext context() throws Exception {
    String pem = Files.readString(key).replaceAll("-----[A-Z ]+-----|\\s", "");
    PrivateKey secret =
        KeyFactory.getInstance("RSA")
            .generatePrivate(new PKCS8EncodedKeySpec(Base64.getDecoder().decode(pem)));
    Certificate[] shown;
    try (var in = Files.newInputStream(certificate)) {
      shown =
          CertificateFactory.getInstance("X.509")
              .generateCertificates(in)
              .toArray(Certificate[]::new);
    }
    KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
    store.load(null, null);
    store.setKeyEntry("server", secret, new char[0], shown);
    var keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    keys.init(store, new char[0]);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keys.getKeyManagers(), null, null);
    return context;
  }

  private static void openssl(Path folder, List<String> arguments) throws Exception {
    var command =
        new ArrayList<>(
            List.of("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"));
    command.addAll(arguments);
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("openssl.log").toFile())
            .start();
    if (!process.waitFor(30, TimeUnit.SECONDS) || process.exitValue() != 0) {
      process.destroyForcibly();
      throw new AssertionError(command + " failed");
    }
  }
}
