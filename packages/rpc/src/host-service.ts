// The part of the Admin service that is about hosts and who may use what, bound to gRPC.
import { hostName, initiatorName, volumeName } from "@ashlar/core";
import type { AdminService } from "./admin.ts";
import { fromAccessEdit, fromChap } from "./convert/access.ts";
import { asMessage } from "./convert/admin.ts";
import type { ChangeAccessRequest__Output } from "./gen/ashlar/v1/ChangeAccessRequest.ts";
import type { CreateHostRequest__Output } from "./gen/ashlar/v1/CreateHostRequest.ts";
import type { HostRequest__Output } from "./gen/ashlar/v1/HostRequest.ts";
import type { SetHostRequest__Output } from "./gen/ashlar/v1/SetHostRequest.ts";
import { unary } from "./grpc-server.ts";

type HostCalls = Pick<
  AdminService,
  "changeAccess" | "listHosts" | "getHost" | "createHost" | "setHost" | "deleteHost"
>;

export const hostHandlers = (service: HostCalls) => ({
  ChangeAccess: unary(async ({ name, edit }: ChangeAccessRequest__Output, context) =>
    asMessage(await service.changeAccess(volumeName(name), fromAccessEdit(edit), context)),
  ),
  ListHosts: unary(async (_request: object, context) => ({
    hosts: asMessage(await service.listHosts(context)),
  })),
  GetHost: unary(async ({ name }: HostRequest__Output, context) =>
    asMessage(await service.getHost(hostName(name), context)),
  ),
  CreateHost: unary(async ({ name, initiators, chap }: CreateHostRequest__Output, context) => {
    const names = { name: hostName(name), initiators: initiators.map(initiatorName) };
    return asMessage(await service.createHost({ ...names, chap: fromChap(chap) }, context));
  }),
  SetHost: unary(async (request: SetHostRequest__Output, context) => {
    const change = {
      name: hostName(request.name),
      added: request.added.map(initiatorName),
      removed: request.removed.map(initiatorName),
      chap: request.setsChap ? { now: fromChap(request.chap) } : undefined,
    };
    return asMessage(await service.setHost(change, context));
  }),
  DeleteHost: unary(async ({ name }: HostRequest__Output, context) => {
    await service.deleteHost(hostName(name), context);
    return {};
  }),
});
