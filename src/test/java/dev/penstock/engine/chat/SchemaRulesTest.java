package dev.penstock.engine.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SchemaValidatorsConfig;
import com.networknt.schema.SpecVersion.VersionFlag;
import dev.penstock.core.InvalidInput;
import dev.penstock.json.JsonMappers;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

final class SchemaRulesTest {
  /**
   * A schema, documents that it takes and documents that it does not, all as lines.
   *
   * @param bad the validator refuses them, too
   */
  record Case(String schema, List<String> good, List<String> bad) {}

  static List<Case> cases() {
    return List.of(
        new Case(
            """
            {"type":"object","title":"T","required":["city","days"],"additionalProperties":false,
             "properties":{"city":{"type":"string","description":"x"},"days":{"type":"integer"},
             "unit":{"enum":["c","f"]}}}
            """,
            List.of(
                "{\"city\":\"Oslo\",\"days\":2}",
                "{\n  \"city\": \"O\\\"s\\u00e9lo\",\n  \"days\": -20,\n  \"unit\": \"f\"\n}"),
            List.of(
                "{\"city\":\"Oslo\"}",
                "{\"city\":\"Oslo\",\"days\":\"2\"}",
                "{\"city\":\"Oslo\",\"days\":2,\"unit\":\"k\"}",
                "{\"city\":\"Oslo\",\"days\":2,\"more\":1}",
                "{}")),
        new Case(
            """
            {"type":"object","properties":{"a":{"type":"boolean"},"b":{"type":"null"},
             "c":{"type":"number"}},"additionalProperties":{"type":"integer"}}
            """,
            List.of(
                "{}",
                "{\"b\":null}",
                "{\"a\":true,\"c\":-1.5e3}",
                "{\"c\":1,\"cc\":7,\"\":8,\"z\\\"\":9}",
                "{\"other\":3}"),
            List.of("{\"c\":true}", "{\"a\":1}", "{\"d\":\"x\"}")),
        new Case(
            "{\"type\":\"integer\",\"minimum\":-12,\"maximum\":305}",
            List.of("-12", "-9", "0", "7", "99", "100", "299", "305"),
            List.of("-13", "306", "1000", "1.5", "\"1\"")),
        new Case(
            "{\"type\":\"integer\",\"exclusiveMinimum\":9,\"exclusiveMaximum\":11}",
            List.of("10"),
            List.of("9", "11")),
        new Case(
            "{\"type\":\"integer\",\"minimum\":1995}",
            List.of("1995", "2024", "10000"),
            List.of("1994", "199", "-2000")),
        new Case(
            "{\"type\":\"integer\",\"maximum\":-3}", List.of("-3", "-17"), List.of("-2", "0", "3")),
        new Case(
            "{\"type\":\"number\",\"minimum\":0,\"maximum\":1}",
            List.of("0", "1", "0.5", "0.999", "1.0"),
            List.of("-0.1", "1.01", "2")),
        new Case(
            "{\"type\":\"number\",\"exclusiveMinimum\":-1.25,\"maximum\":10.5}",
            List.of("-1.24", "0", "-0.5", "9.99", "10.5", "10.49", "10", "-1"),
            List.of("-1.25", "-1.3", "10.51", "11")),
        new Case(
            "{\"type\":\"number\",\"minimum\":0.1,\"exclusiveMaximum\":0.9}",
            List.of("0.1", "0.5", "0.89"),
            List.of("0.09", "0.9", "1", "0")),
        new Case(
            "{\"type\":\"array\",\"items\":{\"type\":\"integer\"},\"minItems\":1,\"maxItems\":3}",
            List.of("[1]", "[1, 2]", "[1,2,3]"),
            List.of("[]", "[1,2,3,4]", "[\"1\"]")),
        new Case(
            """
            {"type":"array","prefixItems":[{"type":"string"},{"type":"integer"}],"items":false,
             "minItems":1}
            """,
            List.of("[\"a\"]", "[\"a\",1]"),
            List.of("[]", "[1]", "[\"a\",1,2]")),
        new Case(
            """
            {"type":"array","prefixItems":[{"type":"string"}],"items":{"type":"integer"},
             "maxItems":3}
            """,
            List.of("[]", "[\"a\"]", "[\"a\",1,2]"),
            List.of("[1]", "[\"a\",\"b\"]", "[\"a\",1,2,3]")),
        new Case(
            "{\"type\":\"string\",\"minLength\":2,\"maxLength\":3}",
            List.of("\"ab\"", "\"a\\n\u20ac\"", "\"\\ud83d\\ude00x\""),
            List.of("\"a\"", "\"abcd\"")),
        new Case(
            "{\"type\":\"string\",\"pattern\":\"^[A-Z]{2}-\\\\d+(\\\\.[a-z_]+)?$\"}",
            List.of("\"AB-1\"", "\"XY-123.a_b\""),
            List.of("\"A-1\"", "\"AB-\"", "\"AB-1.\"", "\"AB-1 \"")),
        new Case(
            "{\"type\":\"string\",\"pattern\":\"a(b|cd)e|^x.z\"}",
            List.of("\"__abe__\"", "\"acde\"", "\"x\\\"z and more\""),
            List.of("\"ae\"", "\" xyz\"")),
        new Case(
            "{\"type\":\"string\",\"format\":\"date\"}",
            List.of("\"2024-02-28\"", "\"2024-12-31\""),
            List.of("\"2024-13-01\"", "\"2024-04-31\"", "\"x\"")),
        new Case(
            "{\"type\":\"string\",\"format\":\"date-time\"}",
            List.of("\"2024-02-28T23:59:59Z\"", "\"2024-02-28T23:59:59.123+02:00\""),
            List.of("\"2024-02-28\"")),
        new Case(
            "{\"type\":\"string\",\"format\":\"uuid\"}",
            List.of("\"123e4567-e89b-12d3-a456-426614174000\""),
            List.of("\"123e4567e89b12d3a456426614174000\"")),
        new Case(
            "{\"enum\":[1,\"a\",null,{\"x\":[true]}],\"type\":[\"string\",\"object\"]}",
            List.of("\"a\"", "{\"x\":[true]}"),
            List.of("1", "null", "\"b\"")),
        new Case("{\"const\":\"it's \\\"so\\\"\"}", List.of("\"it's \\\"so\\\"\""), List.of("1")),
        new Case(
            "{\"anyOf\":[{\"type\":\"string\",\"maxLength\":1},{\"type\":\"integer\"}]}",
            List.of("\"a\"", "12"),
            List.of("\"ab\"", "true")),
        new Case(
            """
            {"oneOf":[
              {"type":"object","properties":{"kind":{"const":"cat"},"lives":{"type":"integer"}},
               "required":["kind","lives"],"additionalProperties":false},
              {"type":"object","properties":{"kind":{"const":"dog"}},"required":["kind"],
               "additionalProperties":false}]}
            """,
            List.of("{\"kind\":\"cat\",\"lives\":9}", "{\"kind\":\"dog\"}"),
            List.of("{\"kind\":\"cat\"}", "{\"kind\":\"dog\",\"lives\":1}")),
        new Case(
            """
            {"allOf":[{"$ref":"#/$defs/named"},{"type":"object",
              "properties":{"age":{"type":"integer","minimum":0}},"required":["age"]}],
             "$defs":{"named":{"type":"object","properties":{"name":{"type":"string"},
              "age":{"maximum":150}},"required":["name"]}}}
            """,
            List.of("{\"name\":\"a\",\"age\":3}"),
            List.of("{\"name\":\"a\"}", "{\"name\":\"a\",\"age\":151}", "{\"age\":1}")),
        new Case(
            """
            {"$ref":"#/$defs/node","$defs":{"node":{"type":"object","properties":{
              "value":{"type":"integer"},"next":{"anyOf":[{"$ref":"#/$defs/node"},
              {"type":"null"}]}},"required":["value","next"],"additionalProperties":false}}}
            """,
            List.of(
                "{\"value\":1,\"next\":null}",
                "{\"value\":1,\"next\":{\"value\":2,\"next\":null}}"),
            List.of("{\"value\":1}", "{\"value\":1,\"next\":{\"value\":2}}")),
        new Case(
            """
            {"type":"object","properties":{"x":{"$ref":"#/definitions/a%20b","description":"d"}},
             "definitions":{"a b":{"type":["integer","null"]}}}
            """,
            List.of("{\"x\":null}", "{\"x\":1}", "{}"), List.of("{\"x\":\"1\"}")),
        new Case(
            "{\"type\":\"object\",\"minProperties\":1,\"maxProperties\":2}",
            List.of("{\"a\":1}", "{\"a\":[1,{\"b\":null}],\"b\":\"x\"}"),
            List.of("{}", "{\"a\":1,\"b\":2,\"c\":3}")),
        new Case(
            "{\"type\":\"object\",\"additionalProperties\":{\"type\":\"string\"}}",
            List.of("{}", "{\"a\":\"b\"}"),
            List.of("{\"a\":1}")),
        new Case(
            """
            {"type":"object","properties":{"a":{"type":"integer"},"b":false},"required":["a"]}
            """,
            List.of("{\"a\":1}"),
            List.of("{\"a\":1,\"b\":1}")));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void theGrammarTakesWhatTheSchemaTakes(Case each) throws Exception {
    String gbnf = grammar(each.schema(), true);
    for (String good : each.good()) {
      assertThat(valid(each.schema(), good)).as("the validator takes %s", good).isTrue();
      assertThat(Matching.matches(gbnf, good)).as("%s in %s", good, gbnf).isTrue();
    }
    for (String bad : each.bad()) {
      assertThat(valid(each.schema(), bad)).as("the validator refuses %s", bad).isFalse();
      assertThat(Matching.matches(gbnf, bad)).as("%s in %s", bad, gbnf).isFalse();
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void whateverTheGrammarLetsThroughKeepsToTheSchema(Case each) throws Exception {
    String gbnf = grammar(each.schema(), true);
    var random = new Random(1);
    int made = 0;
    for (int i = 0; i < 60; i++) {
      String text = Matching.madeUp(gbnf, random);
      if (text != null) {
        made++;
        assertThat(valid(each.schema(), text)).as("%s of %s", text, each.schema()).isTrue();
      }
    }
    assertThat(made).isGreaterThan(4);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"type\":\"array\",\"uniqueItems\":true}|uniqueItems",
        "{\"type\":\"integer\",\"multipleOf\":3}|multipleOf",
        "{\"type\":\"string\",\"pattern\":\"(?=a)b\"}|pattern",
        "{\"type\":\"string\",\"pattern\":\"^a+$\",\"maxLength\":3}|maxLength",
        "{\"not\":{\"type\":\"string\"}}|not",
        "{\"type\":\"object\",\"patternProperties\":{\"^a\":{}}}|patternProperties",
        "{\"type\":\"array\",\"contains\":{\"type\":\"string\"}}|contains",
        "{\"oneOf\":[{\"type\":\"integer\"},{\"type\":\"number\"}]}|oneOf",
        "{\"if\":{},\"then\":{}}|if",
      })
  void aKeywordThatIsNotHeldIsRefusedWhereItHasToBeAndToldElsewhere(String each) throws Exception {
    String schema = each.substring(0, each.lastIndexOf('|'));
    String keyword = each.substring(each.lastIndexOf('|') + 1);
    assertThatThrownBy(() -> grammar(schema, true))
        .isInstanceOf(InvalidInput.class)
        .hasMessageContaining("'" + keyword + "'");
    var rules = new Rules("f");
    var unheld = new Unheld("f", false);
    JsonNode node = JsonMappers.PLAIN.readTree(schema);
    String root = new SchemaRules(node, new JsonRules(rules), unheld).rule();
    assertThat(unheld.loosened()).containsExactly("#/" + keyword);
    assertThat(Grammar.parse(rules.grammar(root)).start().possible()).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"type\":\"colour\"}",
        "{\"type\":7}",
        "{\"$ref\":\"#/$defs/none\"}",
        "{\"$ref\":\"https://example.org/schema\"}",
        "{\"allOf\":[{\"$ref\":\"#\"}]}",
        "{\"type\":\"integer\",\"minimum\":3,\"maximum\":2}",
        "{\"enum\":[]}",
        "{\"type\":\"object\",\"properties\":{\"a\":false},\"required\":[\"a\"]}",
        "{\"properties\":{\"a\":3}}",
        "{\"minLength\":\"x\"}",
      })
  void whatIsNoSchemaOrIsMetByNothingIsRefused(String schema) {
    assertThatThrownBy(() -> grammar(schema, false)).isInstanceOf(InvalidInput.class);
  }

  @Test
  void aSchemaThatWouldGrowWithoutEndIsRefused() {
    var wide = new StringBuilder("{\"type\":\"object\",\"properties\":{");
    for (int i = 0; i < 20_000; i++) {
      wide.append(i == 0 ? "" : ",").append("\"p%d\":{\"enum\":[%d]}".formatted(i, i));
    }
    assertThatThrownBy(() -> grammar(wide + "}}", false))
        .isInstanceOf(InvalidInput.class)
        .hasMessageContaining("too large");
    var doubling = new StringBuilder("{\"$ref\":\"#/$defs/d0\",\"$defs\":{");
    for (int i = 0; i < 30; i++) {
      doubling.append(
          "\"d%d\":{\"type\":\"object\",\"properties\":{\"a\":%s,\"b\":%s}},"
              .formatted(i, refTo(i + 1, 1), refTo(i + 1, 2)));
    }
    assertThatThrownBy(() -> grammar(doubling + "\"d30\":{\"type\":\"array\"}}}", false))
        .isInstanceOf(InvalidInput.class);
  }

  private static String refTo(int i, int least) {
    return "{\"$ref\":\"#/$defs/d%d\",\"minProperties\":%d}".formatted(i, least);
  }

  @Test
  void anyJsonObjectIsOneAndNothingElseIs() {
    var rules = new Rules("f");
    String gbnf = rules.grammar(new JsonRules(rules).object());
    assertThat(Matching.matches(gbnf, "{\"a\": [1, 2.5e-3, {\"b\": null}], \"\": \"\\u00e9\"}"))
        .isTrue();
    assertThat(Matching.matches(gbnf, "[]")).isFalse();
    assertThat(Matching.begins(gbnf, "{\"a\": \"\\ud800\"")).isFalse();
    assertThat(Matching.begins(gbnf, "{\"a\": ".repeat(40))).isFalse();
  }

  private static String grammar(String schema, boolean strict) throws Exception {
    var rules = new Rules("f");
    JsonNode node = JsonMappers.PLAIN.readTree(schema);
    var unheld = new Unheld("f", strict);
    return rules.grammar(new SchemaRules(node, new JsonRules(rules), unheld).rule());
  }

  private static boolean valid(String schema, String document) throws Exception {
    var config = SchemaValidatorsConfig.builder().formatAssertionsEnabled(true).build();
    return JsonSchemaFactory.getInstance(VersionFlag.V202012)
        .getSchema(schema, config)
        .validate(JsonMappers.EXACT.readTree(document))
        .isEmpty();
  }
}
