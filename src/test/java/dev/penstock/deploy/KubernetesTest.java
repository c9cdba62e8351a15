package dev.penstock.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/**
 * The manifests, held against the settings, the routes and each other. No cluster reads them here.
 */
final class KubernetesTest {
  private static final String FILE = "deploy/kubernetes/penstock.yaml";
  private static final String SECRET = "deploy/kubernetes/secret.example.yaml";

  private static Map<String, Object> object(String kind, String name) throws IOException {
    return Deployment.yamls(FILE).stream()
        .filter(object -> kind.equals(object.get("kind")))
        .filter(object -> name.equals(Deployment.map(object, "metadata").get("name")))
        .findFirst()
        .orElseThrow(() -> new AssertionError("no " + kind + " " + name));
  }

  private static Map<String, Object> pod(String name) throws IOException {
    return Deployment.map(object("Deployment", name), "spec", "template", "spec");
  }

  private static Map<String, Object> container(String name) throws IOException {
    return Deployment.map(Deployment.list(pod(name).get("containers")).getFirst());
  }

  @Test
  void everyVariableIsOneOfTheProgram() throws Exception {
    Set<String> names = new HashSet<>();
    names.addAll(Deployment.map(object("ConfigMap", "penstock"), "data").keySet());
    Map<String, Object> secrets = Deployment.map(Deployment.yaml(SECRET), "stringData");
    assertThat(secrets).allSatisfy((name, value) -> assertThat(value).as(name).isEqualTo(""));
    names.addAll(secrets.keySet());
    for (String deployment : List.of("penstock-api", "penstock-worker")) {
      for (Object variable : Deployment.list(container(deployment).get("env"))) {
        names.add(Deployment.text(variable, "name"));
      }
    }
    assertThat(names)
        .contains("AUTH_TOKEN", "ROLES", "CLUSTER_MEMBERS")
        .isSubsetOf(Deployment.known());
    assertThat(Deployment.map(object("ConfigMap", "penstock"), "data").keySet())
        .doesNotContainAnyElementsOf(secrets.keySet());
  }

  @Test
  void probesAskRoutesOnPortsThatAreThere() throws Exception {
    for (String deployment : List.of("penstock-api", "penstock-worker")) {
      Map<String, Object> container = container(deployment);
      List<String> ports =
          Deployment.list(container.get("ports")).stream()
              .map(port -> Deployment.text(port, "name"))
              .toList();
      for (String probe : List.of("startupProbe", "livenessProbe", "readinessProbe")) {
        Map<String, Object> get = Deployment.map(container, probe, "httpGet");
        assertThat(Deployment.routes()).contains(Deployment.text(get, "path"));
        assertThat(ports).contains(Deployment.text(get, "port"));
      }
      assertThat(Deployment.list(container.get("ports")).getFirst())
          .hasToString("{name=http, containerPort=" + Deployment.standard("api.port") + "}");
    }
    assertThat(Deployment.map(container("penstock-api"), "lifecycle")).containsKey("preStop");
  }

  @Test
  void podsAreLockedAndFoundByTheirServices() throws Exception {
    for (String deployment : List.of("penstock-api", "penstock-worker")) {
      Map<String, Object> pod = pod(deployment);
      assertThat(pod).containsEntry("enableServiceLinks", false);
      assertThat(Deployment.map(pod, "securityContext")).containsEntry("runAsNonRoot", true);
      assertThat(Deployment.map(container(deployment), "securityContext"))
          .containsEntry("readOnlyRootFilesystem", true)
          .containsEntry("allowPrivilegeEscalation", false);
      assertThat(container(deployment).get("image"))
          .asString()
          .matches("penstock:\\d+\\.\\d+\\.\\d+");
      Map<String, Object> labels =
          Deployment.map(
              object("Deployment", deployment), "spec", "template", "metadata", "labels");
      assertThat(labels)
          .isEqualTo(
              Deployment.map(object("Deployment", deployment), "spec", "selector", "matchLabels"))
          .isEqualTo(
              Deployment.map(
                  object("PodDisruptionBudget", deployment), "spec", "selector", "matchLabels"))
          .containsAllEntriesOf(
              Deployment.map(object("Service", "penstock-members"), "spec", "selector"));
      // Longer than the program may take.
      assertThat((Integer) pod.get("terminationGracePeriodSeconds")).isGreaterThanOrEqualTo(60);
    }
    assertThat(Deployment.map(object("Service", "penstock-members"), "spec"))
        .containsEntry("clusterIP", "None")
        .containsEntry("publishNotReadyAddresses", true);
    assertThat(Deployment.map(object("ConfigMap", "penstock"), "data"))
        .containsEntry("CLUSTER_MEMBERS", "penstock-members");
  }
}
