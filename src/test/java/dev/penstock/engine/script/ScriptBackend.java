package dev.penstock.engine.script;

import dev.penstock.engine.Backend;
import dev.penstock.engine.EngineParts;
import dev.penstock.engine.GenerationRequest;
import dev.penstock.engine.ModelFailure;
import dev.penstock.models.FieldReader;
import dev.penstock.models.GenerationTraits;
import dev.penstock.models.ModelSource;
import dev.penstock.models.ModelSpec;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;

/** Its models say what the test says. */
public final class ScriptBackend implements Backend {
  /** What its models were asked for. */
  public final List<GenerationRequest> asked = Collections.synchronizedList(new ArrayList<>());

  /** What was known before of each of the answers, of each run. */
  public final List<List<int[]>> before = Collections.synchronizedList(new ArrayList<>());

  /** Runs under way. */
  public final AtomicInteger running = new AtomicInteger();

  volatile String text = "";
  volatile Step step = _ -> {};

  /** Comes before each new word. */
  @FunctionalInterface
  public interface Step {
    /** The word of that number, over all answers, is about to come. */
    void word(int word) throws InterruptedException, ModelFailure;
  }

  /**
   * A model of models.yaml.
   *
   * @param resumes whether it goes on from tokens
   */
  private record Source(boolean resumes, int context) implements ModelSource {
    @Override
    public String backend() {
      return "script";
    }
  }

  /** From now on its models say this. */
  public void says(String newText) {
    says(newText, _ -> {});
  }

  public void says(String newText, Step newStep) {
    text = newText;
    step = newStep;
    asked.clear();
    before.clear();
  }

  /** The same; it waits for a permit before each word. */
  public Semaphore saysByTheWord(String newText) {
    var words = new Semaphore(0);
    says(newText, _ -> words.acquire());
    return words;
  }

  @Override
  public String name() {
    return "script";
  }

  @Override
  public Set<String> kinds() {
    return Set.of(GenerationTraits.KIND);
  }

  @Override
  public ModelSource read(FieldReader fields) {
    fields.only(Set.of("resumes", "context"));
    return new Source(
        fields.has("resumes") && fields.whole("resumes", 0, 1) == 1,
        fields.whole("context", 1, 1_000_000));
  }

  @Override
  public Script open(ModelSpec spec, ModelSource source, EngineParts parts) {
    Source given = (Source) source;
    return new Script(this, spec.name(), given.resumes, given.context);
  }
}
