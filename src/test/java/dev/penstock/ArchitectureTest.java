package dev.penstock;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import io.vertx.core.Vertx;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;

/** The house of docs/architecture.md, held by the build. */
@AnalyzeClasses(packages = "dev.penstock", importOptions = ImportOption.DoNotIncludeTests.class)
final class ArchitectureTest {
  private static final String ROOT = "dev.penstock.";

  /** What each room may import of ours, itself apart; the root and {@code start} may all. */
  private static final Map<String, String> MAY_IMPORT = new LinkedHashMap<>();

  static {
    MAY_IMPORT.put("task", "");
    MAY_IMPORT.put("base", "");
    MAY_IMPORT.put("core", "task base");
    MAY_IMPORT.put("json", "task core base");
    MAY_IMPORT.put("config", "base");
    MAY_IMPORT.put("cli", "json base config");
    MAY_IMPORT.put("metrics", "task core config");
    MAY_IMPORT.put("models", "json base config");
    MAY_IMPORT.put("bus", "task core json base config");
    MAY_IMPORT.put("protocol", "task core json bus");
    MAY_IMPORT.put("storage", "task core json base config metrics");
    MAY_IMPORT.put("dispatch", "task core base config metrics storage bus");
    MAY_IMPORT.put("worker", "task core base config metrics bus");
    MAY_IMPORT.put("engine", "task core json base config metrics models");
    MAY_IMPORT.put("remote", "task core base bus protocol");
    MAY_IMPORT.put("types", "task core json base config metrics models engine");
    MAY_IMPORT.put("security", "task core base config storage");
    MAY_IMPORT.put("web", "task core json base config security");
    MAY_IMPORT.put(
        "api", "task core json base config metrics models bus protocol types security web");
    MAY_IMPORT.put("admin", "task core json base config models bus types security web api");
  }

  @ArchTest
  static void eachRoomImportsOnlyWhatTheTableAllows(JavaClasses all) {
    MAY_IMPORT.forEach((room, allowed) -> {
      String[] rooms =
          Stream.concat(Stream.of(room), Stream.of(allowed.split(" ")))
              .filter(name -> !name.isEmpty())
              .map(name -> ROOT + name + "..")
              .toArray(String[]::new);
      DescribedPredicate<JavaClass> foreign =
          resideInAnyPackage("dev.penstock..")
              .and(DescribedPredicate.not(resideInAnyPackage(rooms)))
              .as("are of ours, outside of %s", String.join(", ", rooms));
      noClasses()
          .that()
          .resideInAPackage(ROOT + room + "..")
          .should()
          .dependOnClassesThat(foreign)
          .check(all);
    });
  }

  @ArchTest
  static void eachRoomIsInTheTable(JavaClasses all) {
    String[] rooms =
        Stream.concat(
                MAY_IMPORT.keySet().stream().map(room -> ROOT + room + ".."),
                Stream.of("dev.penstock", ROOT + "start.."))
            .toArray(String[]::new);
    classes().should().resideInAnyPackage(rooms).check(all);
  }

  @ArchTest
  static final ArchRule noCycles =
      slices().matching("dev.penstock.(*)..").should().beFreeOfCycles();

  @ArchTest
  static final ArchRule onnxRuntimeStaysInItsBackend = only("engine.onnx", "ai.onnxruntime..");

  @ArchTest
  static final ArchRule jdbcStaysInItsBackend =
      only("storage.sqlite", "java.sql..", "org.sqlite..");

  @ArchTest
  static final ArchRule rabbitMqStaysInItsBackend =
      only("storage.rabbit", "com.rabbitmq..", "io.vertx.rabbitmq..");

  @ArchTest
  static final ArchRule redisStaysInItsBackend = only("storage.redis", "io.vertx.redis..");

  @ArchTest
  static final ArchRule onlyTheBusKnowsTheCluster =
      only("bus", "com.hazelcast..", "io.vertx.spi.cluster..");

  @ArchTest
  static final ArchRule onlyTheBusKnowsTheEventBus =
      noClasses()
          .that()
          .resideOutsideOfPackage("dev.penstock.bus..")
          .should()
          .callMethod(Vertx.class, "eventBus");

  @ArchTest
  static final ArchRule noJavaSerialization =
      noClasses()
          .should()
          .dependOnClassesThat()
          .belongToAnyOf(ObjectInputStream.class, ObjectOutputStream.class);

  private static ArchRule only(String room, String... packages) {
    return noClasses()
        .that()
        .resideOutsideOfPackage(ROOT + room + "..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(packages);
  }
}
