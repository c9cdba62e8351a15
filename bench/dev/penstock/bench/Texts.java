package dev.penstock.bench;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;

/**
 * Texts nobody has seen before: seeded, and never the same one twice, so that no cache and no
 * coalescing of equal requests can answer for the model.
 */
public final class Texts {
  /** Common words: nearly all of them are one token each. */
  private static final String[] WORDS =
      """
      water river stone bridge engine wheel valley mountain forest garden window kitchen table
      paper letter story teacher student doctor farmer driver artist writer singer sister brother
      mother father child friend neighbor village city street market school hospital office factory
      station airport harbor island ocean coast beach desert storm winter summer spring autumn
      morning evening night moment hour week month year history science music poetry theater film
      picture camera radio machine computer network signal battery circuit cable metal copper silver
      gold iron steel glass plastic cotton leather wool bread butter cheese sugar salt coffee tea
      apple orange lemon fish chicken horse cattle sheep bird eagle wolf bear lion tiger snake
      open close build break carry throw catch watch listen speak read write learn teach think
      believe remember forget follow lead begin finish arrive leave travel return grow fall rise
      change keep hold move stop start push pull cut burn freeze melt pour fill drink eat cook
      clean wash paint draw play win lose buy sell pay cost save spend send receive answer ask
      small large long short high low deep wide narrow heavy light bright dark warm cold dry wet
      quick slow early late young old new ancient modern simple complex quiet loud rich poor strong
      weak happy sad angry afraid brave calm honest famous common rare local foreign public private
      under over between behind before after during without against toward across around above
      below near far inside outside always never often sometimes rarely today tomorrow yesterday
      system program report project plan result problem question reason method theory practice
      measure balance pressure weather climate energy power speed weight distance surface volume
      number color sound voice language culture nation law court judge police army war peace trade
      """
          .strip()
          .split("\\s+");

  private static final int MIN_WORDS_OF_SENTENCE = 8;
  private static final int MAX_WORDS_OF_SENTENCE = 18;

  /** [CLS] and [SEP]. */
  private static final int SPECIAL_TOKENS = 2;

  private final Random random;
  private final Set<String> seen = new HashSet<>();

  Texts(long seed) {
    this.random = new Random(seed);
  }

  public List<String> take(Kind kind, int count) {
    List<String> texts = new ArrayList<>(count);
    while (texts.size() < count) {
      String text = text(kind.tokens(random));
      if (seen.add(text)) {
        texts.add(text);
      }
    }
    return texts;
  }

  /** Words and full stops, which are tokens too. */
  private String text(int tokens) {
    var text = new StringBuilder();
    int left = Math.max(1, tokens - SPECIAL_TOKENS);
    int sentence = sentence();
    while (left > 0) {
      if (sentence == 0 && left > 1) {
        text.append('.');
        sentence = sentence();
      } else {
        if (!text.isEmpty()) {
          text.append(' ');
        }
        text.append(WORDS[random.nextInt(WORDS.length)]);
        sentence = Math.max(0, sentence - 1);
      }
      left--;
    }
    return text.toString();
  }

  private int sentence() {
    return random.nextInt(MIN_WORDS_OF_SENTENCE, MAX_WORDS_OF_SENTENCE);
  }

  /** How long texts are, in tokens. */
  public enum Kind {
    SHORT("short") {
      @Override
      int tokens(Random random) {
        return random.nextInt(6, 11);
      }
    },
    LONG("long") {
      @Override
      int tokens(Random random) {
        return random.nextInt(180, 221);
      }
    },
    /** Log-uniform, as text collections tend to be: many short ones, a few long ones. */
    MIXED("mixed") {
      @Override
      int tokens(Random random) {
        double log = random.nextDouble(Math.log(MIXED_MIN), Math.log(MIXED_MAX));
        return (int) Math.round(Math.exp(log));
      }
    };

    private static final double MIXED_MIN = 4;
    private static final double MIXED_MAX = 250;
    private final String label;

    Kind(String label) {
      this.label = label;
    }

    abstract int tokens(Random random);

    public String label() {
      return label;
    }
  }
}
