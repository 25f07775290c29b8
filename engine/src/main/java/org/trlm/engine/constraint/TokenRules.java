package org.trlm.engine.constraint;

import java.util.Arrays;
import org.trlm.engine.request.ThoughtTags;
import org.trlm.engine.request.ThoughtTags.State;

/**
 * Which tokens may come next in one answer: the constraint on its content, and the end of a thought
 * whose budget is spent. Asked after the parameters that change logits and before the temperature,
 * told of every token. One thread.
 *
 * <p>Inside the thought the constraint is inactive, but the turn cannot end there. Before a thought
 * it holds from the first token, beside which only the opening tag is allowed. After a thought up
 * to four characters of white space may come before the content. Where the content may end, an
 * end-of-turn token is allowed; where nothing else can follow, the first of them is the only one.
 */
public final class TokenRules {
  /** No limit for the tokens of the thought. */
  public static final int NO_BUDGET = -1;

  private static final int NOTHING_FORCED = -1;
  private static final int NOT_OPENING = -1;
  private static final int[] NO_TOKENS = {};

  private final TokenConstraint constraint;
  private final int budget;
  private final ThoughtTags tags;
  private final int[] endTokenIds;
  private final Thought thought;

  /** Whether the thought was closed by force and no word of the answer is there yet. */
  private boolean answerDue;

  /** Of the constraint's automaton, after the content so far. */
  private int state;

  /** Bytes of the opening tag that are all the answer so far. */
  private int opening;

  /** Tokens of a closing tag, written by force, that are there already. */
  private int closing;

  /** Whether the token before this one had to be followed by the closing tag. */
  private boolean closingBegan;

  /** Scratch: logits of the tokens that are allowed beside those of the constraint. */
  private float[] kept = new float[4];

  /**
   * @param constraint on the content; null when there is none
   * @param budget most tokens of the thought, or {@link #NO_BUDGET}
   * @param endTokenIds the model's end-of-turn tokens, within its vocabulary
   * @param start {@link State#OPEN} when the prompt ends inside a thought
   */
  public TokenRules(
      TokenConstraint constraint, int budget, ThoughtTags tags, int[] endTokenIds, State start) {
    this.constraint = constraint;
    this.budget = budget;
    this.tags = tags;
    this.endTokenIds = endTokenIds;
    thought = new Thought(tags, start);
    state = constraint == null ? Dfa.DEAD : constraint.start();
    opening = tags.exist() && start == State.NONE ? 0 : NOT_OPENING;
    closingBegan = isThoughtSpent();
  }

  /** Rules of an answer that may be anything and has no thought. */
  public static TokenRules none() {
    return new TokenRules(null, NO_BUDGET, ThoughtTags.NONE, NO_TOKENS, State.NONE);
  }

  /** Whether the content has to satisfy a constraint. */
  public boolean constrainContent() {
    return constraint != null;
  }

  /** Whether the content is complete and the model has no end-of-turn token to say so. */
  public boolean endWithoutToken() {
    return endTokenIds.length == 0 && isContentComplete();
  }

  private boolean isContentComplete() {
    return constraint != null
        && thought.state() != State.OPEN
        && isFinal()
        && opening <= 0
        && constraint.allowed(state).count() == 0;
  }

  private boolean isFinal() {
    return state != Dfa.DEAD && constraint.isFinal(state);
  }

  private boolean isThoughtSpent() {
    return thought.state() == State.OPEN
        && (closing > 0 || (budget != NO_BUDGET && thought.numTokens() >= budget));
  }

  /** Whether {@link #restrict} has something to rule out before the next token. */
  public boolean restrictNext() {
    return constraint != null
        || answerDue
        || (budget != NO_BUDGET && thought.state() == State.OPEN);
  }

  /** The only token that may come next; negative when there are several. */
  public int forced() {
    if (isThoughtSpent()) {
      return tags.closeTokenIds()[closing];
    }
    if (constraint == null || thought.state() == State.OPEN || state == Dfa.DEAD) {
      return NOTHING_FORCED;
    }
    TokenSet allowed = constraint.allowed(state);
    if (allowed.count() == 0 && endTokenIds.length > 0 && opening == NOT_OPENING) {
      return endTokenIds[0];
    }
    boolean alone = !isFinal() && opening == NOT_OPENING;
    return allowed.count() == 1 && alone ? allowed.single() : NOTHING_FORCED;
  }

  /**
   * Rules tokens out.
   *
   * @param logits {@code [vocabSize]}; becomes negative infinity where a token may not come next
   */
  public void restrict(float[] logits) {
    int forced = forced();
    if (forced >= 0) {
      float logit = logits[forced];
      Arrays.fill(logits, Float.NEGATIVE_INFINITY);
      logits[forced] = logit;
    } else if (thought.state() == State.OPEN) {
      restrictThought(logits);
    } else if (constraint != null) {
      restrictContent(logits);
    } else if (answerDue) {
      ruleOutEnd(logits);
    }
  }

  private void ruleOutEnd(float[] logits) {
    for (int end : endTokenIds) {
      logits[end] = Float.NEGATIVE_INFINITY;
    }
  }

  private void restrictThought(float[] logits) {
    ruleOutEnd(logits);
    if (constraint != null && !tags.areTokens()) {
      constraint.ruleOut(thought::closesBeforeEnd, logits);
    }
  }

  private void restrictContent(float[] logits) {
    int[] ends = isFinal() ? endTokenIds : NO_TOKENS;
    int[] openers = openers();
    if (kept.length < ends.length + openers.length) {
      kept = new float[ends.length + openers.length];
    }
    for (int i = 0; i < ends.length; i++) {
      kept[i] = logits[ends[i]];
    }
    for (int i = 0; i < openers.length; i++) {
      kept[ends.length + i] = logits[openers[i]];
    }
    if (state == Dfa.DEAD) {
      Arrays.fill(logits, Float.NEGATIVE_INFINITY);
    } else {
      constraint.allowed(state).keepOnly(logits);
    }
    for (int i = 0; i < ends.length; i++) {
      logits[ends[i]] = kept[i];
    }
    for (int i = 0; i < openers.length; i++) {
      logits[openers[i]] = kept[ends.length + i];
    }
  }

  /** Tokens that begin a thought or go on with its opening tag. */
  private int[] openers() {
    if (opening == NOT_OPENING) {
      return NO_TOKENS;
    }
    return tags.areTokens()
        ? new int[] {tags.openId()}
        : constraint.tokensThatSpell(tags.open(), opening);
  }

  /**
   * Goes on by one token.
   *
   * @param text the bytes that it adds to the answer
   * @return how many of them belong to the thought or its tags; the others are content
   */
  public int append(int token, byte[] text) {
    State before = thought.state();
    int contentOffset = thought.append(token, text);
    State after = thought.state();
    if (constraint != null && after != State.OPEN) {
      if (after == State.CLOSED && before != State.CLOSED) {
        state = constraint.startAfterThought();
      }
      state = constraint.next(state, text, contentOffset);
    }
    opening = after == State.NONE ? openingAfter(text) : NOT_OPENING;
    if (after != State.OPEN) {
      answerDue = (answerDue || closingBegan) && isBlank(text, contentOffset);
      closing = 0;
    } else if (closingBegan) {
      closing++;
    }
    closingBegan = isThoughtSpent();
    return contentOffset;
  }

  private static boolean isBlank(byte[] text, int offset) {
    for (int i = offset; i < text.length; i++) {
      if (!RegexClasses.SPACE.contains(text[i])) {
        return false;
      }
    }
    return true;
  }

  private int openingAfter(byte[] text) {
    int end = opening + text.length;
    boolean goesOn =
        opening != NOT_OPENING
            && end < tags.open().length
            && Arrays.equals(tags.open(), opening, end, text, 0, text.length);
    return goesOn ? end : NOT_OPENING;
  }
}
