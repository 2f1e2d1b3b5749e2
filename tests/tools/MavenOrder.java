import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.apache.maven.artifact.versioning.ComparableVersion;

/**
 * Compares versions as Maven does: reads pairs "A\tB", one a line, and answers each with a line "ORDER VALID VALID": -1, 0
 * or 1, and whether A and B are versions (1 or 0); the order is 2 where one is none. Wants maven-artifact in the class path.
 */
public class MavenOrder {
    private static ComparableVersion parse(String text) {
        try {
            return new ComparableVersion(text);
        } catch (RuntimeException e) {
            return null;
        }
    }

    public static void main(String[] args) throws Exception {
        String input = new String(System.in.readAllBytes(), StandardCharsets.UTF_8);
        StringBuilder out = new StringBuilder();
        for (int from = 0, to; (to = input.indexOf('\n', from)) >= 0; from = to + 1) {
            int tab = input.indexOf('\t', from);
            ComparableVersion a = parse(input.substring(from, tab)), b = parse(input.substring(tab + 1, to));
            int order = a == null || b == null ? 2 : Integer.signum(a.compareTo(b));
            out.append(order).append(a == null ? " 0" : " 1").append(b == null ? " 0\n" : " 1\n");
        }
        new PrintStream(System.out, true, StandardCharsets.UTF_8).print(out);
    }
}
