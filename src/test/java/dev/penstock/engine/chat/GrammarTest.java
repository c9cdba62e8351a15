package dev.penstock.engine.chat;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class GrammarTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "root ::= \"ab\" [0-9]+; ab12; true",
        "root ::= \"ab\" [0-9]+; ab; false",
        "root ::= \"ab\"{2,}; ababab; true",
        "root ::= \"ab\"{2,}; ab; false",
        "root ::= ([a-c] | \"x\")?; x; true",
        "root ::= [^a-c]*; xyc; false",
        "root ::= \"a\" root? \"b\"; aaabbb; true",
        "root ::= \"a\" root? \"b\"; aaabb; false",
        "root ::= . \"\\x41\" \"\\u00e9\"; zA\u00e9; true",
        "root ::= (\"\"* \"a\"*)*; aaa; true",
        "root ::= root | \"b\"; b; true",
      })
  void aTextMatchesOrItDoesNot(String gbnf, String text, boolean matches) {
    assertThat(Matching.matches(gbnf, text)).isEqualTo(matches);
  }

  @Test
  void bytesOfACharacterMayComeOneByOne() {
    GrammarState state = Grammar.parse("root ::= [\u20ac-\u20af] [^a]").start();
    for (byte each : "\u20ac\ud83d\ude00".getBytes(StandardCharsets.UTF_8)) {
      assertThat(state.complete()).isFalse();
      state = requireNonNull(state.after(new byte[] {each}));
    }
    assertThat(state.complete()).isTrue();
    assertThat(state.ended()).isTrue();
  }

  @Test
  void halfACharacterThatCanBecomeNoneOfThoseIsRefused() {
    GrammarState start = Grammar.parse("root ::= [\u20ac-\u20af]").start();
    assertThat(start.after(new byte[] {(byte) 0xe2})).isNotNull();
    assertThat(start.after(new byte[] {(byte) 0xe2, (byte) 0x83})).isNull();
    assertThat(start.after(new byte[] {(byte) 0xc3})).isNull();
    assertThat(start.after(new byte[] {(byte) 0x82})).isNull();
    assertThat(Grammar.parse("root ::= .").start().after(new byte[] {(byte) 0xff})).isNull();
  }

  @Test
  void aTextNestedAsDeeplyAsItLikesCostsNoStack() {
    String deep = "[".repeat(50_000);
    assertThat(Matching.begins("root ::= \"[\" root? \"]\"", deep)).isTrue();
  }

  @Test
  void aGrammarThatLeavesTooMuchOpenIsNotFollowed() {
    assertThatThrownBy(() -> Matching.matches("root ::= ((\"a\"?){0,3000}){0,3000}", "a"))
        .isInstanceOf(IllegalStateException.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "root",
        "root ::= other",
        "root ::= \"a",
        "root ::= [a",
        "root ::= (\"a\"",
        "root ::= \"a\"{3,2}",
        "root ::= \"\\q\"",
        "other ::= \"a\"",
        "root ::= \"a\"\nroot ::= \"b\"",
      })
  void whatIsNoGrammarIsRefused(String gbnf) {
    assertThatThrownBy(() -> Grammar.parse(gbnf)).isInstanceOf(IllegalArgumentException.class);
  }
}
