package dev.penstock.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What docs/security.md says of the image, the compose file, the manifests and the unit. */
final class HardeningTest {
  private static final Map<String, Object> ALL_DROPPED = Map.of("drop", List.of("ALL"));

  private static String read(String file) throws IOException {
    return Files.readString(Path.of(file));
  }

  @Test
  void theImageRunsAsNobodyInParticularAndKeepsItsFilesToItself() throws Exception {
    assertThat(read("Dockerfile"))
        .contains("\nUSER 10001:10001\n", "--shell /usr/sbin/nologin", "-m 0700 /data")
        .contains("/build/target/penstock-sbom.json /app/");
    assertThat(read("deploy/container/penstock")).containsPattern("(?m)^umask 077$");
    assertThat(read("scripts/penstock")).containsPattern("(?m)^umask 077$");
  }

  @Test
  void containersHaveNoRootNoCapabilitiesAndNoRoomToGrow() throws Exception {
    Map<String, Object> services =
        Deployment.map(Deployment.yaml("docker-compose.yml"), "services");
    assertThat(services).isNotEmpty();
    services.forEach((name, value) -> {
      Map<String, Object> service = Deployment.map(value);
      assertThat(service).as(name).containsEntry("cap_drop", List.of("ALL"));
      assertThat(service).containsEntry("security_opt", List.of("no-new-privileges:true"));
      assertThat(service).doesNotContainKeys("privileged", "cap_add", "pid", "devices");
      boolean ours = service.containsKey("build");
      assertThat(service).as("%s is no root", name).containsKey(ours ? "pids_limit" : "user");
      if (ours) {
        assertThat(service).containsEntry("read_only", true);
      }
    });
  }

  @Test
  void podsHaveNoRootNoCapabilitiesAndNoToken() throws Exception {
    List<Map<String, Object>> deployments =
        Deployment.yamls("deploy/kubernetes/penstock.yaml").stream()
            .filter(object -> "Deployment".equals(object.get("kind")))
            .toList();
    assertThat(deployments).hasSize(2);
    for (Map<String, Object> deployment : deployments) {
      Map<String, Object> pod = Deployment.map(deployment, "spec", "template", "spec");
      assertThat(pod).containsEntry("automountServiceAccountToken", false);
      assertThat(pod).doesNotContainKeys("hostNetwork", "hostPID", "hostIPC");
      assertThat(Deployment.map(pod, "securityContext"))
          .containsEntry("runAsNonRoot", true)
          .containsEntry("runAsUser", 10001)
          .containsEntry("seccompProfile", Map.of("type", "RuntimeDefault"));
      for (Object container : Deployment.list(pod.get("containers"))) {
        assertThat(Deployment.map(container, "securityContext"))
            .containsEntry("allowPrivilegeEscalation", false)
            .containsEntry("readOnlyRootFilesystem", true)
            .containsEntry("capabilities", ALL_DROPPED);
        assertThat(Deployment.map(container, "resources", "limits")).containsKey("memory");
      }
    }
    assertThat(Deployment.yamls("deploy/kubernetes/penstock.yaml"))
        .anyMatch(object -> "NetworkPolicy".equals(object.get("kind")));
  }

  @Test
  void theUnitHasNoRootNoCapabilitiesAndSeesLittleOfTheMachine() throws Exception {
    assertThat(read("deploy/systemd/penstock.service").lines())
        .contains(
            "DynamicUser=yes",
            "StateDirectoryMode=0700",
            "UMask=0077",
            "NoNewPrivileges=yes",
            "CapabilityBoundingSet=",
            "AmbientCapabilities=",
            "ProtectSystem=strict",
            "ProtectHome=yes",
            "PrivateTmp=yes",
            "PrivateDevices=yes",
            "ProtectProc=invisible",
            "ProtectClock=yes",
            "ProtectKernelTunables=yes",
            "ProtectKernelModules=yes",
            "ProtectKernelLogs=yes",
            "ProtectControlGroups=yes",
            "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX",
            "RestrictNamespaces=yes",
            "RestrictSUIDSGID=yes",
            "SystemCallArchitectures=native",
            "SystemCallFilter=@system-service");
  }

  @Test
  void theDocumentSaysSo() throws Exception {
    assertThat(read("docs/security.md"))
        .contains(
            "runAsNonRoot",
            "readOnlyRootFilesystem",
            "allowPrivilegeEscalation: false",
            "cap_drop: ALL",
            "RuntimeDefault",
            "UMask=0077",
            "umask 077");
  }
}
