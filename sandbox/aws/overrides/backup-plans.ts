import { randomUUID } from "node:crypto";
import { errorAnswer, jsonAnswer } from "../answers.ts";
import { jsonParameters, type Override, type ReceivedRequest } from "../received.ts";
import type { AwsResponse } from "../types.ts";
import type { OverrideContext } from "./context.ts";

interface Selection {
  SelectionId: string;
  BackupPlanId: string;
  CreationDate: number;
  CreatorRequestId?: string;
  BackupSelection: { SelectionName?: string; IamRoleArn?: string };
}

/**
 * moto's plans can't be changed, and nothing can be selected for them. A plan with selections can't be deleted
 * (https://docs.aws.amazon.com/aws-backup/latest/devguide/deleting-a-backup-plan.html).
 */
export function changeBackupPlans({ moto, notes }: OverrideContext): Override {
  const selections = notes.map("backup-selections");
  const changed = notes.map("backup-plans");
  const all = () => [...selections.values()].map((text) => JSON.parse(text) as Selection);

  return async (request) => {
    if (request.service !== "backup" || !request.path.startsWith("/backup/plans/")) return undefined;
    const [plan = "", kind, id = ""] = request.path.split("/").slice(3);
    if (plan === "") return undefined;
    if (kind === "selections") return answerSelections(request, plan, id);
    switch (request.method) {
      case "GET":
        return showPlan(request, plan);
      case "POST":
        return updatePlan(request, plan);
      case "DELETE": {
        if (all().some(({ BackupPlanId }) => BackupPlanId === plan)) {
          const message = "Related backup plan selections must be deleted prior to backup plan deletion";
          return errorAnswer(request, 400, "InvalidRequestException", message);
        }
        changed.delete(plan);
        return undefined;
      }
      default:
        return undefined;
    }
  };

  function answerSelections(request: ReceivedRequest, plan: string, id: string): AwsResponse | undefined {
    if (request.method === "PUT") {
      const { BackupSelection = {}, CreatorRequestId } = jsonParameters(request) as Partial<Selection>;
      const selection: Selection = {
        SelectionId: randomUUID(),
        BackupPlanId: plan,
        CreationDate: Date.now() / 1000,
        ...(CreatorRequestId === undefined ? {} : { CreatorRequestId }),
        BackupSelection,
      };
      selections.set(selection.SelectionId, JSON.stringify(selection));
      const { SelectionId, CreationDate } = selection;
      return jsonAnswer({ SelectionId, BackupPlanId: plan, CreationDate });
    }
    const own = all().filter(({ BackupPlanId }) => BackupPlanId === plan);
    if (id === "") {
      const listed = own.map(({ BackupSelection, ...selection }) => ({ ...selection, ...BackupSelection }));
      return request.method === "GET" ? jsonAnswer({ BackupSelectionsList: listed }) : undefined;
    }
    const found = own.find(({ SelectionId }) => SelectionId === id);
    if (!found) return errorAnswer(request, 400, "ResourceNotFoundException", `Backup selection ${id} not found`);
    if (request.method === "GET") return jsonAnswer(found);
    selections.delete(id);
    return { status: 200, headers: {}, body: "" };
  }

  async function showPlan(request: ReceivedRequest, plan: string): Promise<AwsResponse | undefined> {
    const update = changed.get(plan);
    const answer = await moto.forward(request);
    if (update === undefined || answer.status !== 200) return answer;
    const shown = JSON.parse(answer.body.toString()) as object;
    return jsonAnswer({ ...shown, ...(JSON.parse(update) as object) });
  }

  async function updatePlan(request: ReceivedRequest, plan: string): Promise<AwsResponse> {
    const present = await moto.forward({ ...request, method: "GET" }, "");
    if (present.status !== 200) return present;
    const { BackupPlanArn, CreationDate } = JSON.parse(present.body.toString()) as Record<string, unknown>;
    const { BackupPlan = {} } = jsonParameters(request) as { BackupPlan?: { Rules?: object[] } };
    const Rules = (BackupPlan.Rules ?? []).map((rule) => ({ ...ruleDefaults, ...rule, RuleId: randomUUID() }));
    const VersionId = randomUUID();
    changed.set(plan, JSON.stringify({ BackupPlan: { ...BackupPlan, Rules }, VersionId }));
    return jsonAnswer({ BackupPlanId: plan, BackupPlanArn, CreationDate, VersionId });
  }
}

const ruleDefaults = {
  ScheduleExpression: "cron(0 5 ? * * *)",
  StartWindowMinutes: 480,
  CompletionWindowMinutes: 10080,
  ScheduleExpressionTimezone: "Etc/UTC",
};
