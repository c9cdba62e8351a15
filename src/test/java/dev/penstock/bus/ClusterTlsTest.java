package dev.penstock.bus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.penstock.config.BadSettings;
import dev.penstock.config.Settings;
import dev.penstock.config.SettingsLoader;
import dev.penstock.testing.Certificates;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ClusterTlsTest {
  @TempDir static Path folder;
  private static Certificates made;

  @BeforeAll
  static void make() throws Exception {
    made = Certificates.make(folder);
  }

  private static Settings.Cluster settings(Path certificate, Path key, Path authority) {
    Map<String, String> given =
        Map.of(
            "cluster.cert-file", certificate.toString(),
            "cluster.key-file", key.toString(),
            "cluster.ca-file", authority.toString());
    return SettingsLoader.load(List.of(), given, Map.of(), null).settings().cluster();
  }

  private static ClusterTls read(Path certificate, Path key, Path authority) {
    return ClusterTls.read(settings(certificate, key, authority)).orElseThrow();
  }

  private static void assertRefused(
      Path certificate, Path key, Path authority, String setting, String why) {
    assertThatThrownBy(() -> read(certificate, key, authority))
        .isInstanceOf(BadSettings.class)
        .hasMessageStartingWith(setting + " = " + folder)
        .hasMessageContaining(why)
        .satisfies(e -> assertThat(e.getMessage()).hasLineCount(1));
  }

  private static void openssl(String... arguments) throws Exception {
    Process process =
        new ProcessBuilder(arguments)
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("openssl.log").toFile())
            .start();
    assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).isZero();
  }

  @Test
  void aFileThatIsNotThereOrNoneOfPemIsNamed() throws Exception {
    Path none = folder.resolve("none.pem");
    Path text = Files.writeString(folder.resolve("text.pem"), "hello\n");
    Path certificate = made.certificate();
    Path key = made.key();
    Path authority = made.authority();
    assertRefused(none, key, authority, "cluster.cert-file", "there is no such file");
    assertRefused(certificate, none, authority, "cluster.key-file", "there is no such file");
    assertRefused(certificate, key, none, "cluster.ca-file", "there is no such file");
    assertRefused(folder, key, authority, "cluster.cert-file", "cannot be read");
    assertRefused(text, key, authority, "cluster.cert-file", "has no certificate in PEM");
    assertRefused(key, key, authority, "cluster.cert-file", "has no certificate in PEM");
    assertRefused(certificate, text, authority, "cluster.key-file", "has no private key in PEM");
    assertRefused(certificate, key, text, "cluster.ca-file", "has no certificate in PEM");
    Path damaged =
        Files.writeString(
            folder.resolve("damaged.pem"),
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    assertRefused(damaged, key, authority, "cluster.cert-file", "has a damaged certificate");
  }

  @Test
  void whatDoesNotBelongTogetherIsNamed() throws Exception {
    Certificates theirs = Certificates.make(Files.createDirectory(folder.resolve("theirs")));
    assertRefused(
        made.certificate(),
        theirs.key(),
        made.authority(),
        "cluster.key-file",
        "is not the key of the certificate in cluster.cert-file");
    assertRefused(
        theirs.certificate(),
        theirs.key(),
        made.authority(),
        "cluster.cert-file",
        "is not certified by the authority in cluster.ca-file");
  }

  @Test
  void anExpiredCertificateIsRefusedWithItsTime() throws Exception {
    Settings.Cluster settings = settings(made.certificate(), made.key(), made.authority());
    Instant later = Instant.now().plus(Duration.ofDays(3));
    assertThatThrownBy(() -> ClusterTls.read(settings, later))
        .isInstanceOf(BadSettings.class)
        .hasMessageStartingWith("cluster.cert-file = " + folder)
        .hasMessageContaining("expired at 20");
    Instant before = Instant.now().minus(Duration.ofDays(3));
    assertThatThrownBy(() -> ClusterTls.read(settings, before))
        .hasMessageContaining("does not hold before 20");
  }

  @Test
  void aCertificateForServersAloneIsRefused() throws Exception {
    Certificates half = made.another("half", "-addext", "extendedKeyUsage=serverAuth");
    assertRefused(
        half.certificate(),
        half.key(),
        made.authority(),
        "cluster.cert-file",
        "for both sides of TLS");
    Certificates both = made.another("both", "-addext", "extendedKeyUsage=serverAuth,clientAuth");
    assertThat(read(both.certificate(), both.key(), made.authority()).context()).isNotNull();
  }

  @Test
  void keysAreReadInEachFormThatToolsWrite() throws Exception {
    Certificates rsa = made.another("rsa");
    Certificates ec = made.another("ec", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256");
    Certificates edwards = made.another("edwards", "-newkey", "ed25519");
    for (Certificates one : List.of(rsa, ec, edwards)) {
      assertThat(Files.readString(one.key())).contains("-----BEGIN PRIVATE KEY-----");
      assertThat(read(one.certificate(), one.key(), made.authority()).context()).isNotNull();
    }
    Path older = folder.resolve("older.key");
    openssl("openssl", "rsa", "-traditional", "-in", "" + rsa.key(), "-out", "" + older);
    assertThat(Files.readString(older)).contains("-----BEGIN RSA PRIVATE KEY-----");
    assertThat(read(rsa.certificate(), older, made.authority()).context()).isNotNull();
    openssl("openssl", "ec", "-in", "" + ec.key(), "-out", "" + older);
    assertThat(Files.readString(older)).contains("-----BEGIN EC PRIVATE KEY-----");
    assertThat(read(ec.certificate(), older, made.authority()).context()).isNotNull();
  }

  @Test
  void aKeyWithAPassphraseIsRefused() throws Exception {
    Path locked = folder.resolve("locked.key");
    openssl(
        "openssl",
        "pkcs8",
        "-topk8",
        "-in",
        made.key().toString(),
        "-out",
        locked.toString(),
        "-passout",
        "pass:secret");
    assertRefused(
        made.certificate(),
        locked,
        made.authority(),
        "cluster.key-file",
        "has no private key in PEM without a passphrase");
  }

  /** The lines of docs/deployment.md. */
  @Test
  void theLinesOfTheGuideMakeWhatANodeTakes() throws Exception {
    String guide = Files.readString(Path.of("docs/deployment.md"));
    int from = guide.indexOf("```sh\n", guide.indexOf("## Certificates for nodes")) + 6;
    Path script =
        Files.writeString(
            folder.resolve("make.sh"),
            "set -e\n" + guide.substring(from, guide.indexOf("```", from)));
    Path made = Files.createDirectory(folder.resolve("guide"));
    Process process =
        new ProcessBuilder("sh", script.toString())
            .directory(made.toFile())
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("make.log").toFile())
            .start();
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).as(Files.readString(folder.resolve("make.log"))).isZero();
    for (String node : List.of("node-1", "node-2")) {
      assertThat(
              read(made.resolve(node + ".pem"), made.resolve(node + ".key"), made.resolve("ca.pem"))
                  .context())
          .isNotNull();
    }
  }
}
