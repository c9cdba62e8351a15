package dev.penstock;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.mapping;
import static java.util.stream.Collectors.toList;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import io.vertx.core.Vertx;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The house of docs/architecture.md, held by the build. */
@AnalyzeClasses(packages = "dev.penstock", importOptions = ImportOption.DoNotIncludeTests.class)
final class ArchitectureTest {
  private static final String ROOT = "dev.penstock.";

  /** What each room may import of ours, itself apart; the root and {@code start} may all. */
  private static final Map<String, String> MAY_IMPORT = new LinkedHashMap<>();

  static {
    MAY_IMPORT.put("task", "");
    MAY_IMPORT.put("base", "");
    MAY_IMPORT.put("templates", "");
    MAY_IMPORT.put("core", "task base");
    MAY_IMPORT.put("json", "task core base");
    MAY_IMPORT.put("config", "base");
    MAY_IMPORT.put("cli", "json base config");
    MAY_IMPORT.put("metrics", "task core config");
    MAY_IMPORT.put("subprocess", "base config");
    MAY_IMPORT.put("apart", "task core subprocess");
    MAY_IMPORT.put("models", "json base config");
    MAY_IMPORT.put("bus", "task core json base config");
    MAY_IMPORT.put("protocol", "task core json bus");
    MAY_IMPORT.put("storage", "task core json base config metrics");
    MAY_IMPORT.put("dispatch", "task core base config metrics storage bus");
    MAY_IMPORT.put("pieces", "task core base config metrics bus");
    MAY_IMPORT.put("worker", "task core base config metrics bus");
    MAY_IMPORT.put("engine", "task core json base config metrics models subprocess templates");
    MAY_IMPORT.put("remote", "task core base bus protocol");
    MAY_IMPORT.put("types", "task core json base config metrics models engine subprocess");
    MAY_IMPORT.put("security", "task core base config storage");
    MAY_IMPORT.put("web", "task core json base config security");
    MAY_IMPORT.put(
        "api", "task core json base config metrics models bus protocol pieces types security web");
    MAY_IMPORT.put("admin", "task core json base config models bus types security web api");
  }

  /**
   * Each room's doors: its classes that other rooms use. No other is public. Every public class of
   * {@link #VOCABULARIES} is one: they are words that the whole house speaks, records and small
   * tools without parts behind them, and a list of words would only be a second table of contents.
   * {@code start} and {@code Main} have none: nobody uses them.
   */
  private static final Map<String, String> DOORS = new LinkedHashMap<>();

  /** Doors within a room: classes of a package that only other packages of its room use. */
  private static final Map<String, String> INNER_DOORS = new LinkedHashMap<>();

  /** What nobody in the house uses by its class, but others do, for which it is public. */
  private static final Map<String, String> OUTER_DOORS = new LinkedHashMap<>();

  private static final Set<String> VOCABULARIES = Set.of("task", "base", "core", "json");

  /** The rooms that only use others, and what is generated from the templates. */
  private static final Set<String> WITHOUT_DOORS = Set.of("", "start", "admin.jte");

  static {
    DOORS.put(
        "config",
        "BadSettings Logging Setting SettingKey Settings SettingsLoader YamlFile YamlNode");
    DOORS.put("cli", "Commands Io StatusLine TextTable");
    DOORS.put("metrics", "HttpLabels MeterLimit Meters");
    DOORS.put(
        "models",
        "EmbeddingTraits FieldReader GenerationTraits ModelCatalogue ModelFiles ModelForms ModelKind "
            + "GgufFile GgufFiles ModelPlace ModelSource ModelSpec ModelTraits SourceReader");
    DOORS.put("bus", "Bus Cluster Event Request");
    DOORS.put(
        "protocol",
        "ChildrenReply ChildrenRequest ErrorReply ExtendReply ExtendRequest Introduction "
            + "KnownLanes LeaseReply LeaseRequest LeaseTerms Offer PiecesRequest SettleRequest");
    DOORS.put("storage", "ChildStore KeyStore Storage TaskQueue TaskStore");
    DOORS.put("dispatch", "ChildCheck DispatchVerticle RetryTimes");
    DOORS.put("pieces", "PieceHub PieceNews PieceReader Position");
    DOORS.put("worker", "LaneSource WorkerBoard WorkerVerticle");
    DOORS.put(
        "engine",
        "Backends BatchRun Device EmbeddingEngine EncoderBackend EngineParts EngineStatus "
            + "GenerationEnd GenerationPiece GenerationRequest Generator "
            + "ModelEngines ModelFailure NativeLibraries TextSource Tokenizer "
            + "TokenizerThreads TriedOpening UpcomingTokens");
    DOORS.put(
        "templates", "ChatTemplate RenderBounds TemplateFault TemplateRefusal TemplateTraits");
    DOORS.put("engine.calibrate", "Calibration CalibrationKey Comparison Trial Verdict");
    DOORS.put("engine.llama", "LlamaChild");
    DOORS.put("engine.trial", "TrialChild Trials");
    DOORS.put(
        "subprocess", "ChildAnswer ChildLimits ChildLoop ChildProcesses ChildProgram Subprocess");
    DOORS.put("apart", "ApartChild ApartRuns");
    DOORS.put("remote", "RemoteDispatch RemoteServer");
    DOORS.put("types", "HandlerParts ServedLanes TaskType TaskTypes");
    DOORS.put("types.embedding", "EmbeddingForm EmbeddingInput EmbeddingSettings");
    DOORS.put("types.generation", "AnswerChunks GenerationInput GenerationSettings");
    DOORS.put("types.ping", "PingChild");
    DOORS.put("types.plugin", "PluginType Plugins");
    DOORS.put("security", "ApiKeys Caller LoginThrottle SessionCookie Sessions WrongKeys");
    DOORS.put(
        "web",
        "Answer ApiError Assets BodyReader CannotListen ClientGone Connections "
            + "EventStream Exchange LongReply Pipeline Query Refusal Reply Route Routes Share Shares");
    DOORS.put("api", "ApiVerticle NewKeys TaskIntake");
    DOORS.put("admin", "Dashboard");

    INNER_DOORS.put(
        "storage",
        "AsciiJson Doorbell FigureSum KeptError LastShown Metadata Micros Phase Scopes "
            + "TaskMessage WallTimes");
    INNER_DOORS.put("storage.rabbit", "RabbitTaskQueue");
    INNER_DOORS.put("storage.redis", "RedisTaskStore");
    INNER_DOORS.put(
        "storage.sqlite",
        "SqliteDatabase SqliteKeyStore SqliteLibrary SqliteTaskQueue SqliteTaskStore");
    INNER_DOORS.put(
        "engine",
        "Backend BackendTrouble BatchLimits Batcher CannotOpenModel Encoder EngineStopped LoadedModel MemoryNeed "
            + "ModelEngine OpenFailure RoutedSource RouteTerms Work");
    INNER_DOORS.put("engine.llama", "LlamaBackend");
    INNER_DOORS.put("engine.calibrate", "Calibrated CalibrationFile");
    INNER_DOORS.put("engine.http", "HttpBackend");
    INNER_DOORS.put("engine.onnx", "OnnxBackend");
    INNER_DOORS.put("types", "ModelRuns SchemaType");
    // The resources of embeddings know its name, a constant, of which bytecode keeps no trace.
    INNER_DOORS.put("types.embedding", "EmbeddingType");
    INNER_DOORS.put("types.generation", "GenerationType");
    INNER_DOORS.put("types.ping", "PingType");
    INNER_DOORS.put("api", "OwnTasks");
    INNER_DOORS.put(
        "api.worker",
        "LaneNames RemoteWorkers WorkerChildren WorkerLeases WorkerPieces WorkerResults "
            + "WorkerRuns");
    INNER_DOORS.put(
        "admin",
        "Charts Confirmation InputType KeyList Layout NewKey NewTask Overview Payload TaskList TaskRow "
            + "TaskView TimeText Timeline WorkerList");

    // Logback makes these, by the names in logback.xml.
    OUTER_DOORS.put("config", "LogIds LogMessage LogTrace");
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
          .allowEmptyShould(true)
          .check(all);
    });
  }

  /** The tests' own rooms, which show that nothing else has to change for a second kind. */
  @Test
  void aSecondKindOfModelKeepsToTheTable() {
    JavaClasses mirror =
        new ClassFileImporter().importPackages(ROOT + "engine.mirror", ROOT + "types.mirror");
    assertThat(mirror).hasSizeGreaterThan(4);
    eachRoomImportsOnlyWhatTheTableAllows(mirror);
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
  static void roomsMeetAtTheDoorsOfTheTable(JavaClasses all) {
    Map<JavaClass, Set<String>> users = users(all);
    Map<String, Set<String>> doors = new TreeMap<>();
    Map<String, Set<String>> inner = new TreeMap<>();
    Map<String, Set<String>> outer = new TreeMap<>();
    for (JavaClass type : all) {
      String room = room(type);
      if (isPublic(type) && !WITHOUT_DOORS.contains(room)) {
        String name = room + "." + type.getSimpleName();
        Set<String> from = users.getOrDefault(type, Set.of());
        if (from.stream().allMatch(user -> house(user).equals(house(room)))) {
          (from.isEmpty() ? outer : inner).put(name, from);
        } else if (!VOCABULARIES.contains(room)) {
          doors.put(name, from);
        }
      }
    }
    sameAs(DOORS, doors, "used by another room");
    sameAs(INNER_DOORS, inner, "used by another package of its room only");
    sameAs(OUTER_DOORS, outer, "public and used by no other package");
  }

  @ArchTest
  static void noTwoPublicClassesShareASimpleName(JavaClasses all) {
    Map<String, List<String>> byName =
        all.stream()
            .filter(ArchitectureTest::isPublic)
            .collect(groupingBy(JavaClass::getSimpleName, mapping(JavaClass::getName, toList())));
    assertThat(byName.values()).allSatisfy(names -> assertThat(names).hasSize(1));
  }

  @ArchTest
  static final ArchRule noCycles =
      slices().matching("dev.penstock.(*)..").should().beFreeOfCycles();

  @ArchTest
  static final ArchRule storesDoNotKnowEachOther =
      slices().matching("dev.penstock.storage.(*)..").should().notDependOnEachOther();

  @ArchTest
  static final ArchRule backendsDoNotKnowEachOther =
      slices().matching("dev.penstock.engine.(*)..").should().notDependOnEachOther();

  @ArchTest
  static final ArchRule taskTypesDoNotKnowEachOther =
      slices().matching("dev.penstock.types.(*)..").should().notDependOnEachOther();

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

  private static void sameAs(
      Map<String, String> table, Map<String, Set<String>> found, String what) {
    Set<String> gone = new TreeSet<>(names(table));
    gone.removeAll(found.keySet());
    found.keySet().removeAll(names(table));
    assertThat(found).as("%s, and not in the table (by whom)", what).isEmpty();
    assertThat(gone).as("in the table as %s, and is not, or not there", what).isEmpty();
  }

  /** The packages that use each class or what is declared within it, its own apart. */
  private static Map<JavaClass, Set<String>> users(JavaClasses all) {
    Map<JavaClass, Set<String>> users = new HashMap<>();
    for (JavaClass user : all) {
      for (Dependency use : user.getDirectDependenciesFromSelf()) {
        JavaClass used = use.getTargetClass().getBaseComponentType();
        if (!used.getPackageName().equals(user.getPackageName())) {
          users.computeIfAbsent(topLevel(used), _ -> new HashSet<>()).add(room(user));
        }
      }
    }
    return users;
  }

  private static JavaClass topLevel(JavaClass type) {
    return type.getEnclosingClass().map(ArchitectureTest::topLevel).orElse(type);
  }

  private static boolean isPublic(JavaClass type) {
    return type.isTopLevelClass() && type.getModifiers().contains(JavaModifier.PUBLIC);
  }

  /** The class's package as the tables name it; empty for the root. */
  private static String room(JavaClass type) {
    return (type.getPackageName() + ".").equals(ROOT)
        ? ""
        : type.getPackageName().substring(ROOT.length());
  }

  /** The room that a package belongs to. */
  private static String house(String room) {
    return room.split("\\.", 2)[0];
  }

  private static List<String> names(Map<String, String> table) {
    return table.entrySet().stream()
        .flatMap(row -> Stream.of(row.getValue().split(" ")).map(name -> row.getKey() + "." + name))
        .toList();
  }
}
