package dev.penstock;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.library.Architectures;
import io.vertx.core.Vertx;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;

/** The map of docs/architecture.md, held by the build. */
@AnalyzeClasses(packages = "dev.penstock", importOptions = ImportOption.DoNotIncludeTests.class)
final class ArchitectureTest {

  @ArchTest
  static final ArchRule eachPackageImportsOnlyWhatTheTableAllows =
      Architectures.layeredArchitecture()
          .consideringOnlyDependenciesInAnyPackage("dev.penstock..")
          .layer("main")
          .definedBy("dev.penstock")
          .layer("config")
          .definedBy("dev.penstock.config..")
          .layer("task")
          .definedBy("dev.penstock.task..")
          .layer("models")
          .definedBy("dev.penstock.models..")
          .layer("metrics")
          .definedBy("dev.penstock.metrics..")
          .layer("sqlite")
          .definedBy("dev.penstock.sqlite..")
          .layer("queue")
          .definedBy("dev.penstock.queue..")
          .layer("store")
          .definedBy("dev.penstock.store..")
          .layer("bus")
          .definedBy("dev.penstock.bus..")
          .layer("dispatch")
          .definedBy("dev.penstock.dispatch..")
          .layer("inference")
          .definedBy("dev.penstock.inference..")
          .layer("security")
          .definedBy("dev.penstock.security..")
          .layer("http")
          .definedBy("dev.penstock.http..")
          .layer("admin")
          .definedBy("dev.penstock.admin..")
          .layer("remote")
          .definedBy("dev.penstock.remote..")
          .layer("cli")
          .definedBy("dev.penstock.cli..")
          .whereLayer("main")
          .mayNotBeAccessedByAnyLayer()
          .whereLayer("config")
          .mayNotAccessAnyLayer()
          .whereLayer("task")
          .mayNotAccessAnyLayer()
          .whereLayer("models")
          .mayOnlyAccessLayers("config")
          .whereLayer("metrics")
          .mayOnlyAccessLayers("task", "config")
          .whereLayer("sqlite")
          .mayOnlyAccessLayers("task", "config")
          .whereLayer("queue")
          .mayOnlyAccessLayers("task", "config", "metrics", "sqlite")
          .whereLayer("store")
          .mayOnlyAccessLayers("task", "config", "metrics", "sqlite")
          .whereLayer("bus")
          .mayOnlyAccessLayers("task", "config")
          .whereLayer("dispatch")
          .mayOnlyAccessLayers("task", "queue", "store", "bus", "config", "metrics")
          .whereLayer("inference")
          .mayOnlyAccessLayers("task", "models", "bus", "config", "metrics")
          .whereLayer("security")
          .mayOnlyAccessLayers("task", "config", "store")
          .whereLayer("http")
          .mayOnlyAccessLayers("task", "models", "bus", "security", "config", "metrics")
          .whereLayer("admin")
          .mayOnlyAccessLayers("task", "models", "bus", "security", "config", "metrics", "http")
          .whereLayer("remote")
          .mayOnlyAccessLayers("task", "bus", "config")
          .whereLayer("cli")
          .mayOnlyAccessLayers("config");

  @ArchTest
  static final ArchRule noCycles =
      slices().matching("dev.penstock.(*)..").should().beFreeOfCycles();

  @ArchTest
  static final ArchRule onnxRuntimeStaysInInference =
      noClasses()
          .that()
          .resideOutsideOfPackage("dev.penstock.inference..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("ai.onnxruntime..");

  @ArchTest
  static final ArchRule jdbcStaysBehindThePorts =
      noClasses()
          .that()
          .resideOutsideOfPackages(
              "dev.penstock.sqlite..", "dev.penstock.queue..", "dev.penstock.store..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("java.sql..", "org.sqlite..");

  @ArchTest
  static final ArchRule rabbitMqStaysInTheQueue =
      noClasses()
          .that()
          .resideOutsideOfPackage("dev.penstock.queue..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("com.rabbitmq..", "io.vertx.rabbitmq..");

  @ArchTest
  static final ArchRule redisStaysBehindItsPort =
      noClasses()
          .that()
          .resideOutsideOfPackage("dev.penstock.store..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("io.vertx.redis..");

  @ArchTest
  static final ArchRule onlyTheBusKnowsTheEventBus =
      noClasses()
          .that()
          .resideOutsideOfPackage("dev.penstock.bus..")
          .should()
          .callMethod(Vertx.class, "eventBus");

  @ArchTest
  static final ArchRule onlyTheBusKnowsTheCluster =
      noClasses()
          .that()
          .resideOutsideOfPackage("dev.penstock.bus..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("com.hazelcast..", "io.vertx.spi.cluster..");

  @ArchTest
  static final ArchRule noJavaSerialization =
      noClasses()
          .should()
          .dependOnClassesThat()
          .belongToAnyOf(ObjectInputStream.class, ObjectOutputStream.class);
}
